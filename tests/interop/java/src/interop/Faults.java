// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
package interop;

import static interop.World.activity;
import static interop.World.check;
import static interop.World.orchestration;
import static interop.World.same;

import com.microsoft.durabletask.DurableTaskGrpcWorkerBuilder;
import com.microsoft.durabletask.OrchestrationRuntimeStatus;
import com.microsoft.durabletask.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Workers that vanish, and things that are large. */
final class Faults {
    static void addTo(Map<String, Main.Scenario> all) {
        all.put("activity_of_lost_worker", Faults::activityOfLostWorker);
        all.put("turn_of_lost_worker", Faults::turnOfLostWorker);
        all.put("two_workers", Faults::twoWorkers);
        all.put("large_payloads", Faults::largePayloads);
        all.put("large_answer", Faults::largeAnswer);
        all.put("oversized_history", Faults::oversizedHistory);
    }

    /** The first worker gets stuck in the activity, and its connection breaks: another does it. */
    private static void activityOfLostWorker(World world) throws InterruptedException {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch forEver = new CountDownLatch(1);
        AtomicInteger calls = new AtomicInteger();
        Consumer<DurableTaskGrpcWorkerBuilder> register = it -> it
                .addActivity(activity("Slow", ctx -> {
                    if (calls.incrementAndGet() == 1) {
                        held.countDown();
                        await(forEver);
                    }
                    return "slow";
                }))
                .addOrchestration(orchestration("SlowActivity", ctx ->
                        ctx.complete(ctx.callActivity("Slow", String.class).await())));
        Runnable lose = world.work(register);
        String id = world.start("SlowActivity");
        held.await();
        lose.run();
        world.work(register);
        world.completes(id, "\"slow\"");
        same(calls.get(), 2);
        forEver.countDown();
    }

    private static void turnOfLostWorker(World world) throws InterruptedException {
        CountDownLatch held = new CountDownLatch(1);
        CountDownLatch forEver = new CountDownLatch(1);
        AtomicInteger turns = new AtomicInteger();
        Consumer<DurableTaskGrpcWorkerBuilder> register = it -> Patterns.activities(it)
                .addOrchestration(orchestration("SlowTurn", ctx -> {
                    if (turns.incrementAndGet() == 1) {
                        held.countDown();
                        await(forEver);
                    }
                    ctx.complete(Patterns.increment(ctx, 1));
                }));
        Runnable lose = world.work(register);
        String id = world.start("SlowTurn");
        held.await();
        // Those that the lost one would have got next go on, too.
        String other = world.start("SlowTurn");
        lose.run();
        world.work(register);
        world.completes(id, "2");
        world.completes(other, "2");
        forEver.countDown();
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException end) {
            throw new IllegalStateException(end);
        }
    }

    private static void twoWorkers(World world) {
        final int count = 50;
        List<AtomicInteger> shares = List.of(new AtomicInteger(), new AtomicInteger());
        for (AtomicInteger share : shares) {
            world.work(it -> it
                    .addActivity(activity("Share", ctx -> {
                        share.incrementAndGet();
                        World.pause(2);
                        return 1;
                    }))
                    .addOrchestration(orchestration("Shared", ctx -> {
                        int sum = 0;
                        for (int i = 0; i < 3; i++) {
                            sum += ctx.callActivity("Share", Integer.class).await();
                        }
                        ctx.complete(sum);
                    })));
        }
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(world.start("Shared"));
        }
        for (String id : ids) {
            world.completes(id, "3");
        }
        same(shares.get(0).get() + shares.get(1).get(), 3 * count);
        check(shares.get(0).get() > 0 && shares.get(1).get() > 0, "each had something to do");
    }

    private static DurableTaskGrpcWorkerBuilder large(DurableTaskGrpcWorkerBuilder worker) {
        return worker
                .addActivity(activity("Repeat", ctx -> "ä".repeat(ctx.getInput(Integer.class) / 2)))
                .addActivity(activity("Measure", ctx -> ctx.getInput(String.class).length()))
                .addOrchestration(orchestration("Large", ctx -> {
                    int sum = 0;
                    for (int length : ctx.getInput(int[].class)) {
                        sum += ctx.callActivity("Repeat", length, String.class).await().length();
                    }
                    ctx.complete(sum);
                }))
                .addOrchestration(orchestration("LargeAnswer", ctx -> {
                    int length = ctx.getInput(Integer.class);
                    Task<Integer> one =
                            ctx.callActivity("Measure", "x".repeat(length), Integer.class);
                    Task<Integer> two =
                            ctx.callActivity("Measure", "y".repeat(length), Integer.class);
                    ctx.complete(one.await() + two.await());
                }));
    }

    private static void largePayloads(World world) {
        world.work(Faults::large);
        world.completes(
                world.start("Large", new int[] {1 << 20, 1 << 20, 1 << 20}),
                Integer.toString(3 << 19)); // in characters
    }

    /** What a worker answers is large, and then what it is handed. */
    private static void largeAnswer(World world) {
        world.work(Faults::large);
        world.completes(world.start("LargeAnswer", 1_900_000), "3800000");
    }

    /**
     * More than the SDK receives: the turn can not be handed out. The instance fails and says why,
     * instead of waiting for ever, and the stream is not broken for others.
     */
    private static void oversizedHistory(World world) {
        world.work(Faults::large);
        String id = world.start("Large", new int[] {1_800_000, 1_800_000, 1_800_000});
        String why = world.ends(id, OrchestrationRuntimeStatus.FAILED)
                .getFailureDetails().getErrorMessage();
        check(why.contains("continue-as-new"), why);
        world.completes(world.start("Large", new int[] {10}), "5");
    }

    private Faults() {}
}
