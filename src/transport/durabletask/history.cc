// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/history.h"

#include <fmt/format.h>

#include <utility>

#include "transport/durabletask/legacy.h"
#include "transport/durabletask/values.h"

namespace perdure::durabletask {
namespace {

constexpr std::int32_t kNoAction = -1;

::OrchestrationStatus status_of(model::Ending ending) {
  switch (ending) {
    case model::Ending::kCompleted: return ORCHESTRATION_STATUS_COMPLETED;
    case model::Ending::kFailed: return ORCHESTRATION_STATUS_FAILED;
    case model::Ending::kTerminated: break;
  }
  return ORCHESTRATION_STATUS_TERMINATED;
}

void set_parent(const model::Parent& parent, ::ParentInstanceInfo* wire) {
  wire->set_taskscheduledid(parent.task.value);
  wire->mutable_name()->set_value(parent.name);
  wire->mutable_orchestrationinstance()->set_instanceid(parent.key.id);
  wire->mutable_orchestrationinstance()->mutable_executionid()->set_value(
      execution_text(parent.key, parent.execution));
}

}  // namespace

std::string correlation_of(const std::string& correlation, model::TaskId task) {
  return correlation.empty() ? fmt::format("task-{}", task.value) : correlation;
}

HistoryTranslator::HistoryTranslator(model::InstanceKey key, model::Execution execution,
                                     Dialect dialect, Reader reader)
    : key_(std::move(key)),
      execution_(execution),
      execution_text_(execution_text(key_, execution_)),
      dialect_(dialect),
      reader_(reader) {}

/// Answers whether the event is told at all.
struct HistoryTranslator::Translate {
  HistoryTranslator& self;
  ::HistoryEvent& out;

  [[nodiscard]] bool is_for_client() const { return self.reader_ == Reader::kClient; }
  [[nodiscard]] bool knows_entities() const { return self.dialect_ != Dialect::kGo; }

  bool operator()(const model::ExecutionStarted& e) const {
    auto* w = out.mutable_executionstarted();
    w->set_name(e.name);
    set_text(e.version, w, &::ExecutionStartedEvent::mutable_version);
    set_payload(e.input, w, &::ExecutionStartedEvent::mutable_input);
    w->mutable_orchestrationinstance()->set_instanceid(self.key_.id);
    w->mutable_orchestrationinstance()->mutable_executionid()->set_value(self.execution_text_);
    if (e.parent) set_parent(*e.parent, w->mutable_parentinstance());
    if (e.scheduled_start) set_time(*e.scheduled_start, w->mutable_scheduledstarttimestamp());
    set_trace(e.trace_parent, w, &::ExecutionStartedEvent::mutable_parenttracecontext);
    set_tags(e.tags, w->mutable_tags());
    return true;
  }
  bool operator()(const model::ExecutionCompleted& e) const {
    if (!is_for_client()) return false;
    auto* w = out.mutable_executioncompleted();
    w->set_orchestrationstatus(status_of(e.ending));
    set_payload(e.output, w, &::ExecutionCompletedEvent::mutable_result);
    if (e.failure) set_failure(*e.failure, w->mutable_failuredetails());
    return true;
  }
  bool operator()(const model::TurnStarted&) const {
    out.mutable_orchestratorstarted();
    return true;
  }
  bool operator()(const model::ActivityScheduled& e) const {
    out.set_eventid(e.task.value);
    auto* w = out.mutable_taskscheduled();
    w->set_name(e.name);
    set_text(e.version, w, &::TaskScheduledEvent::mutable_version);
    set_payload(e.input, w, &::TaskScheduledEvent::mutable_input);
    set_trace(e.trace_parent, w, &::TaskScheduledEvent::mutable_parenttracecontext);
    set_tags(e.tags, w->mutable_tags());
    return true;
  }
  bool operator()(const model::ActivityCompleted& e) const {
    auto* w = out.mutable_taskcompleted();
    w->set_taskscheduledid(e.task.value);
    set_payload(e.result, w, &::TaskCompletedEvent::mutable_result);
    return true;
  }
  bool operator()(const model::ActivityFailed& e) const {
    auto* w = out.mutable_taskfailed();
    w->set_taskscheduledid(e.task.value);
    set_failure(e.failure, w->mutable_failuredetails());
    return true;
  }
  bool operator()(const model::TimerCreated& e) const {
    out.set_eventid(e.task.value);
    set_time(e.fire_at, out.mutable_timercreated()->mutable_fireat());
    return true;
  }
  bool operator()(const model::TimerFired& e) const {
    auto* w = out.mutable_timerfired();
    set_time(e.fire_at, w->mutable_fireat());
    w->set_timerid(e.task.value);
    return true;
  }
  bool operator()(const model::ChildScheduled& e) const {
    out.set_eventid(e.task.value);
    auto* w = out.mutable_suborchestrationinstancecreated();
    w->set_instanceid(e.id);
    w->set_name(e.name);
    set_text(e.version, w, &::SubOrchestrationInstanceCreatedEvent::mutable_version);
    set_payload(e.input, w, &::SubOrchestrationInstanceCreatedEvent::mutable_input);
    set_trace(e.trace_parent, w,
              &::SubOrchestrationInstanceCreatedEvent::mutable_parenttracecontext);
    set_tags(e.tags, w->mutable_tags());
    return true;
  }
  bool operator()(const model::ChildCompleted& e) const {
    auto* w = out.mutable_suborchestrationinstancecompleted();
    w->set_taskscheduledid(e.task.value);
    set_payload(e.result, w, &::SubOrchestrationInstanceCompletedEvent::mutable_result);
    return true;
  }
  bool operator()(const model::ChildFailed& e) const {
    auto* w = out.mutable_suborchestrationinstancefailed();
    w->set_taskscheduledid(e.task.value);
    set_failure(e.failure, w->mutable_failuredetails());
    return true;
  }
  bool operator()(const model::EventRaised& e) const {
    // Java takes equal events for one and the same, and forgets all but one when it continues as
    // new. Those of one commit have one time, in microseconds: the digits below tell them apart.
    const std::int32_t nanoseconds = out.timestamp().nanos() + self.raised_++ % 1000;
    out.mutable_timestamp()->set_nanos(nanoseconds);
    auto* w = out.mutable_eventraised();
    w->set_name(e.name);
    set_payload(e.payload, w, &::EventRaisedEvent::mutable_input);
    return true;
  }
  bool operator()(const model::EventSent& e) const {
    self.sent_.insert(e.task);
    // Go and Java look for none, and may fail where they find one.
    if (!is_for_client() && self.dialect_ != Dialect::kCurrent) return false;
    out.set_eventid(e.task.value);
    auto* w = out.mutable_eventsent();
    w->set_instanceid(e.target);
    w->set_name(e.name);
    set_payload(e.payload, w, &::EventSentEvent::mutable_input);
    return true;
  }
  bool operator()(const model::TaskCancelled&) const { return false; }
  bool operator()(const model::ExecutionSuspended& e) const {
    out.mutable_executionsuspended()->mutable_input()->set_value(e.reason);
    return true;
  }
  bool operator()(const model::ExecutionResumed& e) const {
    out.mutable_executionresumed()->mutable_input()->set_value(e.reason);
    return true;
  }
  bool operator()(const model::ExecutionTerminated& e) const {
    out.mutable_executionterminated()->mutable_input()->set_value(e.reason);
    out.mutable_executionterminated()->set_recurse(e.recursive);
    return true;
  }
  bool operator()(const model::ExecutionRewound& e) const {
    // The rewind is done: what a worker sees is the history it left.
    if (!is_for_client()) return false;
    out.mutable_executionrewound()->mutable_reason()->set_value(e.reason);
    return true;
  }
  /// As the older generation of SDKs knows it.
  template <class Event>
  bool tell(const LegacyNames& names, const Event& e,
            model::TaskId task = model::TaskId{-1}) const {
    out.set_eventid(task.value);
    tell_legacy(names, e, &out);
    return true;
  }
  bool operator()(const model::OperationCalled& e) const {
    if (!knows_entities()) return false;
    if (const auto names = legacy_names(e.correlation)) {
      self.correlations_[e.task] = e.correlation;
      return tell(*names, e, e.task);
    }
    out.set_eventid(e.task.value);
    auto* w = out.mutable_entityoperationcalled();
    const std::string request = correlation_of(e.correlation, e.task);
    w->set_requestid(request);
    w->set_operation(e.operation);
    set_payload(e.input, w, &::EntityOperationCalledEvent::mutable_input);
    w->mutable_parentinstanceid()->set_value(self.key_.id);
    w->mutable_parentexecutionid()->set_value(self.execution_text_);
    w->mutable_targetinstanceid()->set_value(e.target);
    self.correlations_[e.task] = request;
    return true;
  }
  bool operator()(const model::OperationSignaled& e) const {
    if (!knows_entities()) return false;
    if (const auto names = legacy_names(e.correlation)) return tell(*names, e, e.task);
    out.set_eventid(e.task.value);
    auto* w = out.mutable_entityoperationsignaled();
    w->set_requestid(correlation_of(e.correlation, e.task));
    w->set_operation(e.operation);
    if (e.fire_at) set_time(*e.fire_at, w->mutable_scheduledtime());
    set_payload(e.input, w, &::EntityOperationSignaledEvent::mutable_input);
    w->mutable_targetinstanceid()->set_value(e.target);
    return true;
  }
  bool operator()(const model::OperationCompleted& e) const {
    if (!knows_entities()) return false;
    if (const auto names = legacy_names(self.correlations_[e.task])) return tell(*names, e);
    auto* w = out.mutable_entityoperationcompleted();
    w->set_requestid(self.correlations_[e.task]);
    set_payload(e.result, w, &::EntityOperationCompletedEvent::mutable_output);
    return true;
  }
  bool operator()(const model::OperationFailed& e) const {
    if (!knows_entities()) return false;
    if (const auto names = legacy_names(self.correlations_[e.task])) return tell(*names, e);
    auto* w = out.mutable_entityoperationfailed();
    w->set_requestid(self.correlations_[e.task]);
    set_failure(e.failure, w->mutable_failuredetails());
    return true;
  }
  bool operator()(const model::LockRequested& e) const {
    if (!knows_entities()) return false;
    if (const auto names = legacy_names(e.correlation)) {
      self.correlations_[e.task] = e.correlation;
      self.sections_[names->id] = e.task;
      return tell(*names, e, e.task);
    }
    out.set_eventid(e.task.value);
    auto* w = out.mutable_entitylockrequested();
    const std::string section = correlation_of(e.correlation, e.task);
    w->set_criticalsectionid(section);
    for (const std::string& id : e.entities) w->add_lockset(id);
    w->mutable_parentinstanceid()->set_value(self.key_.id);
    self.correlations_[e.task] = section;
    self.sections_[section] = e.task;
    return true;
  }
  bool operator()(const model::LockGranted& e) const {
    if (!knows_entities()) return false;
    if (const auto names = legacy_names(self.correlations_[e.task])) return tell(*names, e);
    out.mutable_entitylockgranted()->set_criticalsectionid(self.correlations_[e.task]);
    return true;
  }
  bool operator()(const model::LockReleased& e) const {
    if (!knows_entities()) return false;
    if (const auto names = legacy_names(e.correlation)) return tell(*names, e, e.task);
    out.set_eventid(e.task.value);
    auto* w = out.mutable_entityunlocksent();
    w->set_criticalsectionid(e.correlation.empty() ? self.correlations_[e.section] : e.correlation);
    w->mutable_parentinstanceid()->set_value(self.key_.id);
    w->mutable_targetinstanceid()->set_value(e.entity);
    return true;
  }
  // Of entities, which have no history.
  bool operator()(const model::OperationRequested&) const { return false; }
  bool operator()(const model::LockWanted&) const { return false; }
};

void HistoryTranslator::add(const model::Event& event,
                            google::protobuf::RepeatedPtrField<::HistoryEvent>* events) {
  ::HistoryEvent* out = events->Add();
  out->set_eventid(kNoAction);
  set_time(event.at, out->mutable_timestamp());
  if (!std::visit(Translate{*this, *out}, event.body)) events->RemoveLast();
}

}  // namespace perdure::durabletask
