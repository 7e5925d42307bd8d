# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0
"""The Durable Task protocol without an SDK: a client and workers that say exactly what a test says.

Import after `server.in_environment()`.
"""

import queue
import sys
import threading
import time
import uuid

import grpc

import server

sys.path.insert(0, str(server.stubs()))

import orchestrator_service_pb2 as pb  # noqa: E402
import orchestrator_service_pb2_grpc as services  # noqa: E402
from google.protobuf import empty_pb2, wrappers_pb2  # noqa: E402

WAIT_SECONDS = 60
GO = "grpc-go/1.60.0"
JAVASCRIPT = "durabletask-js grpc-node-js/1.14.7"
EMPTY = empty_pb2.Empty()
COMPLETED = pb.ORCHESTRATION_STATUS_COMPLETED
CONTINUED = pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW
FAILED = pb.ORCHESTRATION_STATUS_FAILED
PENDING = pb.ORCHESTRATION_STATUS_PENDING
RUNNING = pb.ORCHESTRATION_STATUS_RUNNING
SUSPENDED = pb.ORCHESTRATION_STATUS_SUSPENDED
TERMINATED = pb.ORCHESTRATION_STATUS_TERMINATED


def text(value):
    """A StringValue, or none."""
    return None if value is None else wrappers_pb2.StringValue(value=value)


def kind(event):
    return event.WhichOneof("eventType")


def kinds(events):
    return [kind(event) for event in events]


# ---- actions of an orchestrator -----------------------------------------------------------------

def activity(number, name="work", value=None, **more):
    return pb.OrchestratorAction(id=number, scheduleTask=pb.ScheduleTaskAction(
        name=name, input=text(value), **more))


def child(number, instance="", name="child", value=None, **more):
    return pb.OrchestratorAction(id=number, createSubOrchestration=pb.CreateSubOrchestrationAction(
        instanceId=instance, name=name, input=text(value), **more))


def timer(number, seconds=0):
    made = pb.OrchestratorAction(id=number)
    made.createTimer.fireAt.GetCurrentTime()
    made.createTimer.fireAt.seconds += seconds
    return made


def send(number, target, name, data=None):
    return pb.OrchestratorAction(id=number, sendEvent=pb.SendEventAction(
        instance=pb.OrchestrationInstance(instanceId=target), name=name, data=text(data)))


def complete(result=None, number=-1, status=COMPLETED, **more):
    return pb.OrchestratorAction(id=number, completeOrchestration=pb.CompleteOrchestrationAction(
        orchestrationStatus=status, result=text(result), **more))


def entity_call(number, target, operation, value=None, request=None):
    return pb.OrchestratorAction(id=number, sendEntityMessage=pb.SendEntityMessageAction(
        entityOperationCalled=pb.EntityOperationCalledEvent(
            requestId=request or str(uuid.uuid4()), operation=operation, input=text(value),
            targetInstanceId=text(target))))


def entity_signal(number, target, operation, value=None):
    return pb.OrchestratorAction(id=number, sendEntityMessage=pb.SendEntityMessageAction(
        entityOperationSignaled=pb.EntityOperationSignaledEvent(
            requestId=str(uuid.uuid4()), operation=operation, input=text(value),
            targetInstanceId=text(target))))


def lock(number, section, *entities):
    return pb.OrchestratorAction(id=number, sendEntityMessage=pb.SendEntityMessageAction(
        entityLockRequested=pb.EntityLockRequestedEvent(criticalSectionId=section,
                                                        lockSet=entities)))


def unlock(number, section, target, parent=""):
    return pb.OrchestratorAction(id=number, sendEntityMessage=pb.SendEntityMessageAction(
        entityUnlockSent=pb.EntityUnlockSentEvent(
            criticalSectionId=section, parentInstanceId=text(parent),
            targetInstanceId=text(target))))


def success(result=None):
    return pb.OperationResult(success=pb.OperationResultSuccess(result=text(result)))


class Worker:
    """A stream of work items, in the order in which they came."""

    def __init__(self, case, agent=None, hub=None, **request):
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        if agent:
            options.append(("grpc.primary_user_agent", agent))
        self.case = case
        self.channel = grpc.insecure_channel(case.server.address, options=options)
        self.stub = services.TaskHubSidecarServiceStub(self.channel)
        self.metadata = [("taskhub", hub or case.hub)]
        self.items = queue.Queue()
        self.ended = None
        self.stub.Hello(EMPTY, metadata=self.metadata, timeout=WAIT_SECONDS)
        self.stream = self.stub.GetWorkItems(pb.GetWorkItemsRequest(**request),
                                             metadata=self.metadata)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        case.addCleanup(self.close)

    def _read(self):
        try:
            for item in self.stream:
                self.items.put(item)
        except grpc.RpcError as error:
            self.ended = error.code()
        self.items.put(None)

    def close(self):
        self.stream.cancel()
        self.reader.join(WAIT_SECONDS)
        self.channel.close()

    def call(self, method, request):
        return getattr(self.stub, method)(request, metadata=self.metadata, timeout=WAIT_SECONDS)

    def item(self, field=None, seconds=WAIT_SECONDS):
        """The next one, which is of this kind; pings are passed over unless asked for."""
        while True:
            try:
                item = self.items.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError("no work item came") from None
            if item is None:
                raise AssertionError(f"the stream ended: {self.ended}")
            found = item.WhichOneof("request")
            if found == "healthPing" and field != "healthPing":
                continue
            if field:
                self.case.assertEqual(found, field, item)
            return item

    def nothing(self, seconds=0.3):
        """No item comes."""
        try:
            item = self.items.get(timeout=seconds)
        except queue.Empty:
            return
        raise AssertionError(f"an item that nobody expected: {item}")

    def turn(self, instance=None):
        item = self.item("orchestratorRequest")
        if instance:
            self.case.assertEqual(item.orchestratorRequest.instanceId, instance)
        return item

    def answer(self, item, *actions, **more):
        """Ends a turn with these actions."""
        more.setdefault("completionToken", item.completionToken)
        return self.call("CompleteOrchestratorTask", pb.OrchestratorResponse(
            instanceId=item.orchestratorRequest.instanceId, actions=actions, **more))

    def answer_activity(self, item, result=None, **more):
        request = item.activityRequest
        more.setdefault("completionToken", item.completionToken)
        return self.call("CompleteActivityTask", pb.ActivityResponse(
            instanceId=request.orchestrationInstance.instanceId, taskId=request.taskId,
            result=text(result), **more))

    def answer_entity(self, item, *results, state=None, **more):
        request = item.entityRequestV2
        infos = []
        for event in request.operationRequests:
            called = kind(event) == "entityOperationCalled"
            body = event.entityOperationCalled if called else event.entityOperationSignaled
            infos.append(pb.OperationInfo(requestId=body.requestId))
        return self.call("CompleteEntityTask", pb.EntityBatchResult(
            results=results, entityState=text(state), completionToken=item.completionToken,
            operationInfos=infos, **more))


class Case(server.Case):
    def setUp(self):
        super().setUp()
        self.channel = grpc.insecure_channel(
            self.server.address, options=[("grpc.max_receive_message_length", -1),
                                          ("grpc.max_send_message_length", -1)])
        self.addCleanup(self.channel.close)
        self.stub = services.TaskHubSidecarServiceStub(self.channel)

    def worker(self, agent=None, **request):
        return Worker(self, agent, **request)

    def call(self, method, request, seconds=WAIT_SECONDS):
        return getattr(self.stub, method)(request, metadata=[("taskhub", self.hub)],
                                          timeout=seconds)

    def refused(self, code, method, request, seconds=WAIT_SECONDS):
        """What it says when it refuses."""
        with self.assertRaises(grpc.RpcError) as refused:
            self.call(method, request, seconds)
        self.assertEqual(refused.exception.code(), code, refused.exception)
        return refused.exception.details()

    def start(self, instance="", name="orchestrator", **more):
        return self.call("StartInstance", pb.CreateInstanceRequest(
            instanceId=instance, name=name, **more)).instanceId

    def get(self, instance, payloads=True):
        return self.call("GetInstance", pb.GetInstanceRequest(
            instanceId=instance, getInputsAndOutputs=payloads))

    def state(self, instance):
        return self.get(instance).orchestrationState

    def status(self, instance):
        answer = self.get(instance)
        return answer.orchestrationState.orchestrationStatus if answer.exists else None

    def ended(self, instance):
        return self.call("WaitForInstanceCompletion", pb.GetInstanceRequest(
            instanceId=instance, getInputsAndOutputs=True)).orchestrationState

    def raise_event(self, instance, name="go", data=None):
        self.call("RaiseEvent", pb.RaiseEventRequest(
            instanceId=instance, name=name, input=text(data)))

    def terminate(self, instance, recursive=False, output=None):
        self.call("TerminateInstance", pb.TerminateRequest(
            instanceId=instance, recursive=recursive, output=text(output)))

    def signal(self, entity, name="op", value=None):
        self.call("SignalEntity", pb.SignalEntityRequest(
            instanceId=entity, name=name, input=text(value), requestId=str(uuid.uuid4())))

    def history(self, instance, **more):
        chunks = self.stub.StreamInstanceHistory(
            pb.StreamInstanceHistoryRequest(instanceId=instance, **more),
            metadata=[("taskhub", self.hub)], timeout=WAIT_SECONDS)
        return [event for chunk in chunks for event in chunk.events]

    def history_with(self, instance, wanted):
        """Once it has an event of this kind: a turn is taken before it is durable."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            events = self.history(instance)
            if wanted in kinds(events):
                return events
            self.assertLess(time.monotonic(), end, kinds(events))
            time.sleep(0.01)

    def entity_is(self, entity, state):
        """Its state becomes this one; None: it is gone."""
        self.entity_shows(entity, state, lambda answer: (
            answer.entity.serializedState.value if answer.exists else None))

    def entity_is_locked_by(self, entity, instance):
        """That is: durably, which is after the turn that the lock led to was handed out."""
        self.entity_shows(entity, instance, lambda answer: answer.entity.lockedBy.value)

    def entity_shows(self, entity, wanted, read):
        end = time.monotonic() + WAIT_SECONDS
        while True:
            now = read(self.call("GetEntity", pb.GetEntityRequest(instanceId=entity,
                                                                  includeState=True)))
            if now == wanted:
                return
            self.assertLess(time.monotonic(), end, f"{entity}: {now!r}")
            time.sleep(0.01)

    def purge(self, **what):
        return self.call("PurgeInstances", pb.PurgeInstancesRequest(**what)).deletedInstanceCount
