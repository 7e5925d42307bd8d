// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
package interop;

import static interop.World.check;
import static interop.World.fails;
import static interop.World.orchestration;
import static interop.World.pause;
import static interop.World.same;

import com.microsoft.durabletask.NewOrchestrationInstanceOptions;
import com.microsoft.durabletask.OrchestrationMetadata;
import com.microsoft.durabletask.OrchestrationRuntimeStatus;
import com.microsoft.durabletask.OrchestrationStatusQuery;
import com.microsoft.durabletask.OrchestrationStatusQueryResult;
import com.microsoft.durabletask.PurgeInstanceCriteria;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;

/** What clients do to instances. */
final class Control {
    static void addTo(Map<String, Main.Scenario> all) {
        all.put("suspend_resume", Control::suspendResume);
        all.put("terminate", Control::terminate);
        all.put("purge", Control::purge);
        all.put("purge_by_filter", Control::purgeByFilter);
        all.put("purge_deadline", Control::purgeDeadline);
        all.put("query", Control::query);
        all.put("query_pages", Control::queryPages);
        all.put("scheduled_start", Control::scheduledStart);
        all.put("waits", Control::waits);
        all.put("payloads", Control::payloads);
        all.put("versions", Control::versions);
        all.put("restart", Control::restart);
        all.put("reuse", Control::reuse);
        all.put("hubs", Control::hubs);
    }

    /** Works on "Waiter", which waits for an event "Go" and then counts. */
    private static Runnable work(World world) {
        return world.work(it -> Patterns.activities(it).addOrchestration(
                orchestration("Waiter", ctx -> {
                    ctx.waitForExternalEvent("Go").await();
                    ctx.complete(Patterns.increment(ctx, ctx.getInput(Integer.class)));
                })));
    }

    private static String running(World world) {
        String id = world.start("Waiter", 1);
        world.becomes(id, OrchestrationRuntimeStatus.RUNNING);
        return id;
    }

    private static String done(World world, int input) {
        String id = world.start("Waiter", input);
        world.client.raiseEvent(id, "Go");
        world.completes(id, Integer.toString(input + 1));
        return id;
    }

    private static void staysAfterEvent(World world, String id) {
        world.client.raiseEvent(id, "Go");
        fails(TimeoutException.class, () ->
                world.client.waitForInstanceCompletion(id, Duration.ofMillis(500), false));
    }

    private static void suspendResume(World world) {
        work(world);
        String id = running(world);
        world.client.suspendInstance(id, "a pause");
        world.becomes(id, OrchestrationRuntimeStatus.SUSPENDED);
        staysAfterEvent(world, id);
        same(world.status(id), OrchestrationRuntimeStatus.SUSPENDED);
        world.client.resumeInstance(id, "enough");
        world.completes(id, "2");
        world.client.suspendInstance(id); // too late: no effect, no complaint
        world.client.resumeInstance(id);
        same(world.status(id), OrchestrationRuntimeStatus.COMPLETED);
    }

    private static void terminate(World world) {
        work(world);
        String suspended = running(world);
        world.client.suspendInstance(suspended);
        world.becomes(suspended, OrchestrationRuntimeStatus.SUSPENDED);
        for (String id : List.of(running(world), suspended)) {
            world.client.terminate(id, "bye");
            OrchestrationMetadata end = world.ends(id, OrchestrationRuntimeStatus.TERMINATED);
            same(end.readOutputAs(String.class), "bye");
            world.client.terminate(id, "again");
            same(world.get(id).readOutputAs(String.class), "bye");
        }
        String silent = running(world);
        world.client.terminate(silent, null);
        same(world.ends(silent, OrchestrationRuntimeStatus.TERMINATED)
                .readOutputAs(String.class), null);
    }

    private static void purge(World world) {
        work(world);
        same(world.client.purgeInstance("nobody").getDeletedInstanceCount(), 0);
        String id = running(world);
        same(world.client.purgeInstance(id).getDeletedInstanceCount(), 0);
        world.client.raiseEvent(id, "Go");
        world.completes(id, "2");
        same(world.client.purgeInstance(id).getDeletedInstanceCount(), 1);
        check(!world.get(id).isInstanceFound(), "it is gone");
        same(world.client.purgeInstance(id).getDeletedInstanceCount(), 0);
    }

    private static void purgeByFilter(World anyone) throws TimeoutException {
        World world = anyone.in("purge-by-filter");
        work(world);
        String before = done(world, 1);
        pause(5);
        Instant from = Instant.now();
        List<String> completed = List.of(done(world, 1), done(world, 2), done(world, 3));
        String terminated = running(world);
        world.client.terminate(terminated, "bye");
        world.end(terminated);
        String live = running(world);
        Instant to = Instant.now().plusSeconds(60);

        PurgeInstanceCriteria criteria = new PurgeInstanceCriteria()
                .setCreatedTimeFrom(from).setCreatedTimeTo(to)
                .setRuntimeStatusList(List.of(OrchestrationRuntimeStatus.COMPLETED));
        same(world.client.purgeInstances(criteria).getDeletedInstanceCount(), completed.size());
        for (String id : completed) {
            check(!world.get(id).isInstanceFound(), "it is gone");
        }
        same(world.status(terminated), OrchestrationRuntimeStatus.TERMINATED);
        same(world.status(before), OrchestrationRuntimeStatus.COMPLETED);
        same(world.client.purgeInstances(new PurgeInstanceCriteria()
                .setCreatedTimeFrom(to)).getDeletedInstanceCount(), 0);
        // Without a list: whatever has ended.
        same(world.client.purgeInstances(new PurgeInstanceCriteria()
                .setCreatedTimeFrom(Instant.EPOCH)).getDeletedInstanceCount(), 2);
        same(world.status(live), OrchestrationRuntimeStatus.RUNNING);
    }

    private static void purgeDeadline(World anyone) throws TimeoutException {
        World world = anyone.in("purge-deadline");
        work(world);
        done(world, 1);
        fails(TimeoutException.class, () -> world.client.purgeInstances(new PurgeInstanceCriteria()
                .setCreatedTimeFrom(Instant.EPOCH).setTimeout(Duration.ofNanos(1))));
        world.client.purgeInstances(new PurgeInstanceCriteria()
                .setCreatedTimeFrom(Instant.EPOCH).setTimeout(Duration.ofSeconds(60)));
        same(list(world, new OrchestrationStatusQuery()), Set.of());
    }

    /** The ids of all pages. */
    private static Set<String> list(World world, OrchestrationStatusQuery query) {
        Set<String> ids = new HashSet<>();
        for (;;) {
            OrchestrationStatusQueryResult page = world.client.queryInstances(query);
            for (OrchestrationMetadata one : page.getOrchestrationState()) {
                check(ids.add(one.getInstanceId()), "no instance is on two pages");
            }
            String next = page.getContinuationToken();
            if (next == null || next.isEmpty()) {
                return ids;
            }
            check(!page.getOrchestrationState().isEmpty(), "a page before the last is not empty");
            query.setContinuationToken(next);
        }
    }

    private static void query(World anyone) {
        World world = anyone.in("query");
        Runnable stop = work(world);
        String early = done(world, 1);
        pause(5);
        Instant from = Instant.now();
        String late = done(world, 2);
        String live = running(world);
        String named = world.startAs("name-1", "Waiter", 7);
        String other = world.startAs("name-2", "Waiter", 7);
        world.becomes(named, OrchestrationRuntimeStatus.RUNNING);
        world.becomes(other, OrchestrationRuntimeStatus.RUNNING);
        stop.run();

        same(list(world, new OrchestrationStatusQuery()), Set.of(early, late, live, named, other));
        same(list(world, new OrchestrationStatusQuery().setRuntimeStatusList(
                List.of(OrchestrationRuntimeStatus.COMPLETED))), Set.of(early, late));
        same(list(world, new OrchestrationStatusQuery().setRuntimeStatusList(
                List.of(OrchestrationRuntimeStatus.FAILED, OrchestrationRuntimeStatus.PENDING))),
                Set.of());
        same(list(world, new OrchestrationStatusQuery().setInstanceIdPrefix("name-")),
                Set.of(named, other));
        same(list(world, new OrchestrationStatusQuery().setCreatedTimeTo(from)), Set.of(early));
        same(list(world, new OrchestrationStatusQuery().setCreatedTimeFrom(from)
                .setRuntimeStatusList(List.of(OrchestrationRuntimeStatus.COMPLETED))),
                Set.of(late));
        OrchestrationStatusQuery one = new OrchestrationStatusQuery().setInstanceIdPrefix(early);
        OrchestrationMetadata bare =
                world.client.queryInstances(one).getOrchestrationState().get(0);
        fails(IllegalStateException.class, () -> bare.readOutputAs(Integer.class));
        OrchestrationMetadata full = world.client.queryInstances(
                one.setFetchInputsAndOutputs(true)).getOrchestrationState().get(0);
        same(full.readInputAs(Integer.class), 1);
        same(full.readOutputAs(Integer.class), 2);
    }

    private static void queryPages(World anyone) {
        World world = anyone.in("query-pages");
        work(world);
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 11; i++) {
            ids.add(world.start("Waiter", i));
        }
        for (int size : new int[] {1, 3, 11, 100}) {
            OrchestrationStatusQuery query =
                    new OrchestrationStatusQuery().setMaxInstanceCount(size);
            check(world.client.queryInstances(query).getOrchestrationState().size() <= size,
                    "a page has at most " + size);
            same(list(world, query), ids);
        }
    }

    private static void scheduledStart(World world) {
        world.work(it -> it.addOrchestration(orchestration("Later", ctx ->
                ctx.complete(ctx.getCurrentInstant().toEpochMilli()))));
        Instant due = Instant.now().plusMillis(700);
        String id = world.client.scheduleNewOrchestrationInstance(
                "Later", new NewOrchestrationInstanceOptions().setStartTime(due));
        long at = world.end(id).readOutputAs(Long.class);
        check(at >= due.toEpochMilli(), "it began at " + at + ", due " + due.toEpochMilli());
    }

    private static void waits(World world) throws TimeoutException {
        String id = world.start("Waiter", 1);
        fails(TimeoutException.class, () ->
                world.client.waitForInstanceStart(id, Duration.ofMillis(300)));
        same(world.status(id), OrchestrationRuntimeStatus.PENDING);
        work(world);
        same(world.client.waitForInstanceStart(id, World.TIME_MAX).getRuntimeStatus(),
                OrchestrationRuntimeStatus.RUNNING);
        fails(TimeoutException.class, () ->
                world.client.waitForInstanceCompletion(id, Duration.ofMillis(300), true));
        world.client.raiseEvent(id, "Go");
        world.completes(id, "2");
        world.completes(id, "2"); // a wait that comes too late is answered at once
        check(!world.get("nobody").isInstanceFound(), "nobody is unknown");
        fails(TimeoutException.class, () ->
                world.client.waitForInstanceCompletion("nobody", Duration.ofMillis(300), true));
    }

    private static void payloads(World world) {
        work(world);
        String id = done(world, 41);
        OrchestrationMetadata bare = world.client.getInstanceMetadata(id, false);
        fails(IllegalStateException.class, () -> bare.readInputAs(Integer.class));
        fails(IllegalStateException.class, () -> bare.readOutputAs(Integer.class));
        same(bare.getRuntimeStatus(), OrchestrationRuntimeStatus.COMPLETED);
        same(world.get(id).readInputAs(Integer.class), 41);
    }

    /** This release shows a version to nobody; one that has one must run all the same. */
    private static void versions(World world) {
        work(world);
        String id = world.client.scheduleNewOrchestrationInstance("Waiter",
                new NewOrchestrationInstanceOptions().setVersion("2.1.0").setInput(1));
        world.client.raiseEvent(id, "Go");
        world.completes(id, "2");
    }

    private static void restart(World world) {
        work(world);
        String id = done(world, 5);
        String other = world.client.restartInstance(id, true);
        check(!other.equals(id), "the other has an id of its own");
        world.client.raiseEvent(other, "Go");
        same(world.completes(other, "6").readInputAs(Integer.class), 5);
        Instant created = world.get(id).getCreatedAt();
        pause(5);
        same(world.client.restartInstance(id, false), id);
        world.client.raiseEvent(id, "Go");
        OrchestrationMetadata again = world.completes(id, "6");
        check(created.isBefore(again.getCreatedAt()), "it was created anew");
        fails(IllegalArgumentException.class, () -> world.client.restartInstance("nobody", true));
    }

    private static void reuse(World world) {
        work(world);
        String id = running(world);
        StatusRuntimeException refused = fails(StatusRuntimeException.class, () ->
                world.startAs(id, "Waiter", 100));
        same(refused.getStatus().getCode(), Status.Code.ALREADY_EXISTS);
        world.client.raiseEvent(id, "Go");
        world.completes(id, "2");
        world.startAs(id, "Waiter", 100); // what has ended gives way
        world.client.raiseEvent(id, "Go");
        world.completes(id, "101");
    }

    private static void hubs(World anyone) {
        List<World> worlds = new ArrayList<>(List.of(anyone.in("hub-a"), anyone.in("hub-b")));
        for (World world : worlds) {
            world.client.createTaskHub(false);
            work(world);
            world.startAs("the-same", "Waiter", world.hub.length());
        }
        worlds.get(0).client.raiseEvent("the-same", "Go");
        worlds.get(0).completes("the-same", "6");
        same(worlds.get(1).status("the-same"), OrchestrationRuntimeStatus.RUNNING);
        check(!anyone.get("the-same").isInstanceFound(), "a third hub knows of neither");
        worlds.get(0).client.deleteTaskHub();
        check(!worlds.get(0).get("the-same").isInstanceFound(), "its hub is deleted");
        worlds.get(1).client.raiseEvent("the-same", "Go");
        worlds.get(1).completes("the-same", "6");
        worlds.get(1).client.createTaskHub(true);
        check(!worlds.get(1).get("the-same").isInstanceFound(), "its hub was made anew");
        done(worlds.get(1), 1);
    }

    private Control() {}
}
