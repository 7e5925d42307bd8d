// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
package interop;

import static interop.World.activity;
import static interop.World.orchestration;

import com.microsoft.durabletask.DurableTaskGrpcWorkerBuilder;
import com.microsoft.durabletask.OrchestrationMetadata;
import com.microsoft.durabletask.OrchestrationRuntimeStatus;
import com.microsoft.durabletask.Task;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Load, for workers that are killed: a chain, a fan-out, a timer and a child. */
final class Load {
    /** What became of the instances. */
    private static final class Report {
        final AtomicInteger completed = new AtomicInteger();
        final AtomicInteger failed = new AtomicInteger();
        final AtomicInteger wrong = new AtomicInteger();
        final AtomicInteger stuck = new AtomicInteger();

        @Override
        public String toString() {
            return String.format("{\"completed\":%s,\"failed\":%s,\"wrong\":%s,\"stuck\":%s}",
                    this.completed, this.failed, this.wrong, this.stuck);
        }
    }

    private static DurableTaskGrpcWorkerBuilder register(
            DurableTaskGrpcWorkerBuilder worker, Runnable working) {
        return worker
                .addActivity(activity("Increment", ctx -> {
                    working.run();
                    return ctx.getInput(Integer.class) + 1;
                }))
                .addOrchestration(orchestration("Load", ctx -> {
                    int value = ctx.getInput(Integer.class);
                    for (int i = 0; i < 3; i++) {
                        value = Patterns.increment(ctx, value);
                    }
                    List<Task<Integer>> wide = new ArrayList<>();
                    for (int i = 0; i < 4; i++) {
                        wide.add(ctx.callActivity("Increment", i, Integer.class));
                    }
                    ctx.createTimer(Duration.ofMillis(20)).await();
                    for (int more : ctx.allOf(wide).await()) {
                        value += more;
                    }
                    ctx.complete(
                            ctx.callSubOrchestrator("LoadChild", value, Integer.class).await());
                }))
                .addOrchestration(orchestration("LoadChild", ctx ->
                        ctx.complete(Patterns.increment(ctx, ctx.getInput(Integer.class)))));
    }

    static void work(World world) throws InterruptedException {
        AtomicBoolean first = new AtomicBoolean(true);
        world.work(it -> register(it, () -> {
            if (first.getAndSet(false)) {
                System.out.println("working");
            }
        }));
        Thread.currentThread().join(); // until killed
    }

    static void give(World world, int seconds, int wide) throws InterruptedException {
        Report report = new Report();
        long until = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < wide; i++) {
            int input = i;
            Thread thread = new Thread(() -> {
                for (int round = 0; System.nanoTime() < until; ++round) {
                    once(world, "load-" + input + "-" + round, input, report);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println(report);
    }

    /** What the call answers, once the server does; null: it did not, for too long. */
    private static OrchestrationMetadata surely(Callable<OrchestrationMetadata> call) {
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < World.TIME_MAX.toNanos()) {
            try {
                return call.call();
            } catch (StatusRuntimeException error) {
                if (error.getStatus().getCode() != Status.Code.UNAVAILABLE) {
                    throw error;
                }
                World.pause(50);
            } catch (TimeoutException stuck) {
                return null;
            } catch (Exception error) {
                throw new AssertionError(error);
            }
        }
        return null;
    }

    private static OrchestrationMetadata start(World world, String id, int input) {
        try {
            world.startAs(id, "Load", input);
        } catch (StatusRuntimeException error) {
            // That it is there already tells that an earlier start was heard.
            if (error.getStatus().getCode() != Status.Code.ALREADY_EXISTS) {
                throw error;
            }
        }
        return null;
    }

    private static void once(World world, String id, int input, Report report) {
        surely(() -> start(world, id, input));
        OrchestrationMetadata end =
                surely(() -> world.client.waitForInstanceCompletion(id, World.TIME_MAX, true));
        if (end == null) {
            report.stuck.incrementAndGet();
            return;
        }
        if (end.getRuntimeStatus() != OrchestrationRuntimeStatus.COMPLETED) {
            System.err.println(end + " " + end.getFailureDetails().getErrorMessage());
            report.failed.incrementAndGet();
        } else if (end.readOutputAs(Integer.class) != input + 3 + 10 + 1) {
            report.wrong.incrementAndGet();
        } else {
            report.completed.incrementAndGet();
        }
    }

    private Load() {}
}
