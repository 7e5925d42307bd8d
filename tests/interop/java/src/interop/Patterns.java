// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
package interop;

import static interop.World.activity;
import static interop.World.check;
import static interop.World.orchestration;
import static interop.World.same;
import static interop.World.until;

import com.microsoft.durabletask.CompositeTaskFailedException;
import com.microsoft.durabletask.DurableTaskGrpcWorkerBuilder;
import com.microsoft.durabletask.FailureDetails;
import com.microsoft.durabletask.OrchestrationMetadata;
import com.microsoft.durabletask.OrchestrationRuntimeStatus;
import com.microsoft.durabletask.RetryPolicy;
import com.microsoft.durabletask.Task;
import com.microsoft.durabletask.TaskCanceledException;
import com.microsoft.durabletask.TaskFailedException;
import com.microsoft.durabletask.TaskOptions;
import com.microsoft.durabletask.TaskOrchestrationContext;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** What orchestrations are made of. */
final class Patterns {
    static void addTo(Map<String, Main.Scenario> all) {
        all.put("chaining", Patterns::chaining);
        all.put("fan_out", Patterns::fanOut);
        all.put("first_of_several", Patterns::firstOfSeveral);
        all.put("timers", Patterns::timers);
        all.put("external_events", Patterns::externalEvents);
        all.put("event_time_out", Patterns::eventTimeOut);
        all.put("send_event", Patterns::sendEvent);
        all.put("sub_orchestrations", Patterns::subOrchestrations);
        all.put("activity_retries", Patterns::activityRetries);
        all.put("retry_handler", Patterns::retryHandler);
        all.put("child_retries", Patterns::childRetries);
        all.put("continue_as_new", Patterns::continueAsNew);
        all.put("custom_status", Patterns::customStatus);
        all.put("random_ids", Patterns::randomIds);
        all.put("failures", Patterns::failures);
        all.put("several_failures", Patterns::severalFailures);
    }

    /** The activities of most scenarios. */
    static DurableTaskGrpcWorkerBuilder activities(DurableTaskGrpcWorkerBuilder worker) {
        return worker
                .addActivity(activity("Increment", ctx -> ctx.getInput(Integer.class) + 1))
                .addActivity(activity("Fail", ctx -> {
                    throw new IllegalStateException("it can not be done: 世界");
                }));
    }

    static int increment(TaskOrchestrationContext ctx, int value) {
        return ctx.callActivity("Increment", value, Integer.class).await();
    }

    private static void chaining(World world) {
        world.work(it -> activities(it).addOrchestration(orchestration("Chain", ctx -> {
            int value = ctx.getInput(Integer.class);
            for (int i = 0; i < 10; i++) {
                value = increment(ctx, value);
            }
            ctx.complete(value);
        })));
        OrchestrationMetadata done = world.completes(world.start("Chain", 5), "15");
        same(done.getName(), "Chain");
        same(done.readInputAs(Integer.class), 5);
        same(done.readOutputAs(Integer.class), 15);
        check(!done.getLastUpdatedAt().isBefore(done.getCreatedAt()), "it ended after it began");
    }

    private static void fanOut(World world) {
        final int width = 200;
        world.work(it -> activities(it).addOrchestration(orchestration("FanOut", ctx -> {
            List<Task<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < width; i++) {
                tasks.add(ctx.callActivity("Increment", i, Integer.class));
            }
            ctx.complete(ctx.allOf(tasks).await().stream().mapToInt(Integer::intValue).sum());
        })));
        world.completes(world.start("FanOut"), Integer.toString(width * (width + 1) / 2));
    }

    private static void firstOfSeveral(World world) {
        world.work(it -> activities(it).addOrchestration(orchestration("First", ctx -> {
            Task<Integer> quick = ctx.callActivity("Increment", 1, Integer.class);
            Task<Void> slow = ctx.createTimer(Duration.ofHours(1));
            Task<?> first = ctx.anyOf(quick, slow).await();
            ctx.complete(first == quick ? quick.await() : -1);
        })));
        world.completes(world.start("First"), "2");
    }

    private static void timers(World world) {
        world.work(it -> it.addOrchestration(orchestration("Timers", ctx -> {
            Instant begun = ctx.getCurrentInstant();
            List<Task<Void>> waits = new ArrayList<>();
            for (int i = 1; i <= 3; i++) {
                waits.add(ctx.createTimer(Duration.ofMillis(i * 100)));
            }
            waits.add(ctx.createTimer(Duration.ofHours(-1))); // is due at once
            for (Task<Void> wait : waits) {
                wait.await();
            }
            ctx.complete(Duration.between(begun, ctx.getCurrentInstant()).toMillis() >= 300);
        })));
        world.completes(world.start("Timers"), "true");
    }

    private static void externalEvents(World world) {
        final int count = 20;
        world.work(it -> it.addOrchestration(orchestration("Listen", ctx -> {
            List<Integer> found = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                found.add(ctx.waitForExternalEvent("Number", Integer.class).await());
            }
            ctx.complete(found.toString());
        })));
        String id = world.start("Listen");
        List<Integer> raised = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            world.client.raiseEvent(id, "Number", i);
            raised.add(i);
        }
        world.completes(id, "\"" + raised + "\"");
        world.client.raiseEvent(id, "Number", 0); // it has ended: nobody complains
    }

    private static void eventTimeOut(World world) {
        world.work(it -> it.addOrchestration(orchestration("Impatient", ctx -> {
            String seen;
            try {
                seen = ctx.waitForExternalEvent(
                        "Never", Duration.ofMillis(50), String.class).await();
            } catch (TaskCanceledException timeOut) {
                seen = "nothing";
            }
            ctx.complete(seen);
        })));
        world.completes(world.start("Impatient"), "\"nothing\"");
    }

    /** The SDK says with every turn that the event is to be sent: once it was, it is not again. */
    private static void sendEvent(World world) {
        world.work(it -> activities(it)
                .addOrchestration(orchestration("Sender", ctx -> {
                    ctx.sendEvent(ctx.getInput(String.class), "Ping", "hello");
                    for (int i = 0; i < 3; i++) {
                        increment(ctx, i);
                    }
                    ctx.complete("sent");
                }))
                .addOrchestration(orchestration("Receiver", ctx -> {
                    String text = ctx.waitForExternalEvent("Ping", String.class).await();
                    ctx.waitForExternalEvent("Sent").await();
                    try {
                        ctx.waitForExternalEvent("Ping", Duration.ofMillis(200)).await();
                        ctx.complete("two of them");
                    } catch (TaskCanceledException timeOut) {
                        ctx.complete(text);
                    }
                })));
        String receiver = world.start("Receiver");
        world.completes(world.start("Sender", receiver), "\"sent\"");
        world.client.raiseEvent(receiver, "Sent");
        world.completes(receiver, "\"hello\"");
        world.completes(world.start("Sender", "nobody"), "\"sent\"");
    }

    private static void subOrchestrations(World world) {
        world.work(it -> activities(it)
                .addOrchestration(orchestration("Parent", ctx -> {
                    Task<Integer> named = ctx.callSubOrchestrator(
                            "Child", 1, ctx.getInstanceId() + "-named", Integer.class);
                    Task<Integer> unnamed = ctx.callSubOrchestrator("Child", 10, Integer.class);
                    Task<Integer> other = ctx.callSubOrchestrator("Child", 20, Integer.class);
                    ctx.complete(named.await() + unnamed.await() + other.await());
                }))
                .addOrchestration(orchestration("Child", ctx ->
                        ctx.complete(increment(ctx, ctx.getInput(Integer.class))))));
        String id = world.start("Parent");
        world.completes(id, "34");
        world.completes(id + "-named", "2");
    }

    private static void activityRetries(World world) {
        AtomicInteger calls = new AtomicInteger();
        TaskOptions often = new TaskOptions(new RetryPolicy(5, Duration.ofMillis(20))
                .setBackoffCoefficient(2.0));
        world.work(it -> activities(it)
                .addActivity(activity("ThirdTimeLucky", ctx -> {
                    if (calls.incrementAndGet() < 3) {
                        throw new IllegalStateException("not yet");
                    }
                    return "done";
                }))
                .addOrchestration(orchestration("Retry", ctx -> ctx.complete(
                        ctx.callActivity("ThirdTimeLucky", null, often, String.class).await())))
                .addOrchestration(orchestration("RetryInVain", ctx ->
                        ctx.callActivity("Fail", null, often, String.class).await())));
        world.completes(world.start("Retry"), "\"done\"");
        same(calls.get(), 3);
        world.ends(world.start("RetryInVain"), OrchestrationRuntimeStatus.FAILED);
    }

    private static void retryHandler(World world) {
        AtomicInteger asked = new AtomicInteger();
        world.work(it -> activities(it)
                .addOrchestration(orchestration("Handled", ctx -> {
                    TaskOptions options = new TaskOptions(retry -> {
                        asked.set(retry.getLastAttemptNumber());
                        FailureDetails failure = retry.getLastFailure();
                        return failure.isCausedBy(IllegalStateException.class)
                                && retry.getLastAttemptNumber() < 4;
                    });
                    try {
                        ctx.callActivity("Fail", null, options, String.class).await();
                    } catch (TaskFailedException failed) {
                        ctx.complete(failed.getErrorDetails().getErrorMessage());
                    }
                })));
        world.completes(world.start("Handled"), "\"it can not be done: 世界\"");
        same(asked.get(), 4);
    }

    /** Each attempt is a start of the same instance. */
    private static void childRetries(World world) {
        AtomicInteger runs = new AtomicInteger();
        TaskOptions often = new TaskOptions(new RetryPolicy(5, Duration.ofMillis(20)));
        world.work(it -> it
                .addOrchestration(orchestration("Stubborn", ctx -> ctx.complete(
                        ctx.callSubOrchestrator("Unlucky", null, ctx.getInstanceId() + "-child",
                                often, String.class).await())))
                .addOrchestration(orchestration("Unlucky", ctx -> {
                    if (runs.incrementAndGet() < 3) {
                        throw new IllegalStateException("not yet");
                    }
                    ctx.complete("at last");
                })));
        String id = world.start("Stubborn");
        world.completes(id, "\"at last\"");
        world.completes(id + "-child", "\"at last\"");
        same(runs.get(), 3);
    }

    private static void continueAsNew(World world) {
        final int rounds = 20;
        world.work(it -> activities(it).addOrchestration(orchestration("Loop", ctx -> {
            int round = ctx.getInput(Integer.class);
            if (round == rounds) {
                ctx.complete(round);
                return;
            }
            // One a round: those that came too early are carried over.
            ctx.waitForExternalEvent("Next").await();
            ctx.continueAsNew(increment(ctx, round));
        })));
        String id = world.start("Loop", 0);
        for (int i = 0; i < rounds; i++) {
            world.client.raiseEvent(id, "Next");
        }
        world.completes(id, Integer.toString(rounds));
    }

    private static void customStatus(World world) {
        world.work(it -> it.addOrchestration(orchestration("Status", ctx -> {
            ctx.setCustomStatus("waits 世界");
            ctx.waitForExternalEvent("Clear").await();
            ctx.clearCustomStatus();
            ctx.waitForExternalEvent("Set").await();
            ctx.setCustomStatus(List.of(1, 2));
            ctx.complete(null);
        })));
        String id = world.start("Status");
        until(() -> world.get(id).isCustomStatusFetched(), "it has a status");
        same(world.get(id).readCustomStatusAs(String.class), "waits 世界");
        world.client.raiseEvent(id, "Clear");
        until(() -> !world.get(id).isCustomStatusFetched(), "the status is cleared");
        world.client.raiseEvent(id, "Set");
        same(world.end(id).readCustomStatusAs(List.class), List.of(1, 2));
    }

    /** Made of the instance and its time: the same in each replay, and never twice. */
    private static void randomIds(World world) {
        Set<String> seen = new HashSet<>();
        world.work(it -> activities(it).addOrchestration(orchestration("Ids", ctx -> {
            String first = ctx.newUUID().toString();
            String second = ctx.newUUID().toString();
            increment(ctx, 1);
            String third = ctx.newUUID().toString();
            seen.add(first);
            increment(ctx, 1);
            ctx.complete(first + " " + second + " " + third);
        })));
        String output = world.end(world.start("Ids")).readOutputAs(String.class);
        same(Set.of(output.split(" ")).size(), 3);
        same(seen, Set.of(output.split(" ")[0]));
    }

    private static void failures(World world) {
        world.work(it -> activities(it)
                .addOrchestration(orchestration("Fails", ctx -> ctx.callActivity("Fail").await()))
                .addOrchestration(orchestration("Throws", ctx -> {
                    throw new UnsupportedOperationException("no: 世界");
                }))
                .addOrchestration(orchestration("Catches", ctx -> {
                    List<String> seen = new ArrayList<>();
                    for (Task<Void> task : List.of(
                            ctx.callActivity("Fail"),
                            ctx.callActivity("NobodyHasThis"),
                            ctx.callSubOrchestrator("Throws", null, Void.class))) {
                        try {
                            task.await();
                        } catch (TaskFailedException failed) {
                            FailureDetails details = failed.getErrorDetails();
                            seen.add(details.getErrorType() + ": " + details.getErrorMessage());
                        }
                    }
                    ctx.complete(String.join("; ", seen));
                })));
        FailureDetails own = world.ends(world.start("Throws"), OrchestrationRuntimeStatus.FAILED)
                .getFailureDetails();
        same(own.getErrorMessage(), "no: 世界");
        check(own.isCausedBy(UnsupportedOperationException.class), own.getErrorType());
        check(own.getStackTrace().contains("interop.Patterns"), "it has a stack trace");
        FailureDetails of = world.ends(world.start("Fails"), OrchestrationRuntimeStatus.FAILED)
                .getFailureDetails();
        same(of.getErrorType(), TaskFailedException.class.getName());
        check(of.getErrorMessage().contains("it can not be done: 世界"), of.getErrorMessage());
        String state = IllegalStateException.class.getName();
        world.completes(world.start("Catches"), "\"" + state + ": it can not be done: 世界; "
                + state + ": No activity task named 'NobodyHasThis' is registered.; "
                + UnsupportedOperationException.class.getName() + ": no: 世界\"");
    }

    private static void severalFailures(World world) {
        world.work(it -> activities(it).addOrchestration(orchestration("Several", ctx -> {
            List<Task<Integer>> tasks = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                tasks.add(ctx.callActivity(i % 2 == 0 ? "Fail" : "Increment", i, Integer.class));
            }
            try {
                ctx.allOf(tasks).await();
            } catch (CompositeTaskFailedException failed) {
                ctx.complete(failed.getExceptions().size());
            }
        })));
        world.completes(world.start("Several"), "3");
    }

    private Patterns() {}
}
