// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
package interop;

import com.microsoft.durabletask.DurableTaskClient;
import com.microsoft.durabletask.DurableTaskGrpcClientBuilder;
import com.microsoft.durabletask.DurableTaskGrpcWorkerBuilder;
import com.microsoft.durabletask.NewOrchestrationInstanceOptions;
import com.microsoft.durabletask.OrchestrationMetadata;
import com.microsoft.durabletask.OrchestrationRuntimeStatus;
import com.microsoft.durabletask.TaskActivity;
import com.microsoft.durabletask.TaskActivityFactory;
import com.microsoft.durabletask.TaskOrchestration;
import com.microsoft.durabletask.TaskOrchestrationFactory;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** What a scenario runs in: a client, workers of its own, and what it expects of them. */
final class World {
    /** What is not done after this long is stuck. */
    static final Duration TIME_MAX = Duration.ofSeconds(120);

    private static final Metadata.Key<String> HUB =
            Metadata.Key.of("taskhub", Metadata.ASCII_STRING_MARSHALLER);

    final String address;
    final String hub;
    final DurableTaskClient client;

    /** Without a hub the header is left out, as the SDK does. */
    World(String address, String hub) {
        this.address = address;
        this.hub = hub;
        this.client = new DurableTaskGrpcClientBuilder().grpcChannel(this.connect()).build();
    }

    World in(String otherHub) {
        return new World(this.address, otherHub);
    }

    private ManagedChannel connect() {
        ManagedChannelBuilder<?> builder =
                ManagedChannelBuilder.forTarget(this.address).usePlaintext();
        if (this.hub != null) {
            Metadata headers = new Metadata();
            headers.put(HUB, this.hub);
            builder.intercept(MetadataUtils.newAttachHeadersInterceptor(headers));
        }
        return builder.build();
    }

    /** Begins to work, on a connection of its own; what is returned breaks that. */
    Runnable work(Consumer<DurableTaskGrpcWorkerBuilder> register) {
        ManagedChannel channel = this.connect();
        DurableTaskGrpcWorkerBuilder builder =
                new DurableTaskGrpcWorkerBuilder().grpcChannel(channel);
        register.accept(builder);
        builder.build().start();
        return channel::shutdownNow;
    }

    static TaskOrchestrationFactory orchestration(String name, TaskOrchestration code) {
        return new TaskOrchestrationFactory() {
            @Override
            public String getName() {
                return name;
            }

            @Override
            public TaskOrchestration create() {
                return code;
            }
        };
    }

    static TaskActivityFactory activity(String name, TaskActivity code) {
        return new TaskActivityFactory() {
            @Override
            public String getName() {
                return name;
            }

            @Override
            public TaskActivity create() {
                return code;
            }
        };
    }

    String start(String name) {
        return this.client.scheduleNewOrchestrationInstance(name);
    }

    String start(String name, Object input) {
        return this.client.scheduleNewOrchestrationInstance(name, input);
    }

    String startAs(String id, String name, Object input) {
        return this.client.scheduleNewOrchestrationInstance(
                name, new NewOrchestrationInstanceOptions().setInstanceId(id).setInput(input));
    }

    OrchestrationMetadata get(String id) {
        return this.client.getInstanceMetadata(id, true);
    }

    OrchestrationRuntimeStatus status(String id) {
        return this.get(id).getRuntimeStatus();
    }

    OrchestrationMetadata end(String id) {
        try {
            return this.client.waitForInstanceCompletion(id, TIME_MAX, true);
        } catch (TimeoutException stuck) {
            throw new AssertionError(id + " is stuck: " + this.get(id), stuck);
        }
    }

    OrchestrationMetadata ends(String id, OrchestrationRuntimeStatus status) {
        OrchestrationMetadata end = this.end(id);
        same(end.getRuntimeStatus(), status);
        return end;
    }

    /** Waits for the end, which must be a completion with this output. */
    OrchestrationMetadata completes(String id, String output) {
        OrchestrationMetadata end = this.end(id);
        check(end.getRuntimeStatus() == OrchestrationRuntimeStatus.COMPLETED,
                end + " " + (end.getFailureDetails() == null
                        ? "" : end.getFailureDetails().getErrorMessage()));
        same(end.getSerializedOutput(), output);
        return end;
    }

    void becomes(String id, OrchestrationRuntimeStatus status) {
        until(() -> this.status(id) == status, id + " becomes " + status);
    }

    static void until(BooleanSupplier holds, String what) {
        long begun = System.nanoTime();
        while (!holds.getAsBoolean()) {
            check(System.nanoTime() - begun < TIME_MAX.toNanos(), "at last: " + what);
            pause(10);
        }
    }

    static void pause(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException end) {
            throw new AssertionError(end);
        }
    }

    static void same(Object found, Object wanted) {
        if (!Objects.equals(found, wanted)) {
            throw new AssertionError("'" + found + "' where '" + wanted + "' was expected");
        }
    }

    static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("not so: " + what);
        }
    }

    /** Something that may throw. */
    interface Action {
        void run() throws Exception;
    }

    /** What it ends with, which must be of this class. */
    static <E extends Exception> E fails(Class<E> kind, Action action) {
        try {
            action.run();
        } catch (Exception error) {
            check(kind.isInstance(error), error + " is a " + kind);
            return kind.cast(error);
        }
        throw new AssertionError("it did not end with a " + kind);
    }
}
