// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0

// What clients do to instances.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/microsoft/durabletask-go/api"
	"github.com/microsoft/durabletask-go/task"
)

// Waits for an event "Go", however long; then counts.
func waiter(r *task.TaskRegistry) *task.TaskRegistry {
	must(r.AddOrchestratorN("Waiter", func(ctx *task.OrchestrationContext) (any, error) {
		if err := ctx.WaitForSingleEvent("Go", -1).Await(nil); err != nil {
			return nil, err
		}
		var value int
		if err := ctx.GetInput(&value); err != nil {
			return nil, err
		}
		return increment(ctx, value)
	}))
	return r
}

// An event is raised, and the instance is still not done after a while.
func (w *world) staysAfterEvent(id api.InstanceID) {
	must(w.client.RaiseEvent(w.ctx, id, "Go"))
	ctx, cancel := context.WithTimeout(w.ctx, 500*time.Millisecond)
	defer cancel()
	_, err := w.client.WaitForOrchestrationCompletion(ctx, id)
	check(errors.Is(err, context.DeadlineExceeded), "the wait ended with %v", err)
}

func suspendResume(w *world) {
	defer w.work(waiter(registry()))()
	id := w.start("Waiter", api.WithInput(1))
	w.becomes(id, api.RUNTIME_STATUS_RUNNING)
	must(w.client.SuspendOrchestration(w.ctx, id, "a pause"))
	w.becomes(id, api.RUNTIME_STATUS_SUSPENDED)
	w.staysAfterEvent(id)
	same(w.get(id).RuntimeStatus, api.RUNTIME_STATUS_SUSPENDED)
	must(w.client.ResumeOrchestration(w.ctx, id, "enough"))
	w.completes(id, "2")
	must(w.client.SuspendOrchestration(w.ctx, id, "too late"))
	must(w.client.ResumeOrchestration(w.ctx, id, "too late"))
	same(w.get(id).RuntimeStatus, api.RUNTIME_STATUS_COMPLETED)
}

func terminate(w *world) {
	defer w.work(waiter(registry()))()
	running := w.start("Waiter", api.WithInput(1))
	w.becomes(running, api.RUNTIME_STATUS_RUNNING)
	suspended := w.start("Waiter", api.WithInput(1))
	must(w.client.SuspendOrchestration(w.ctx, suspended, ""))
	w.becomes(suspended, api.RUNTIME_STATUS_SUSPENDED)
	for _, id := range []api.InstanceID{running, suspended} {
		must(w.client.TerminateOrchestration(w.ctx, id, api.WithOutput("bye")))
		done := w.end(id)
		same(done.RuntimeStatus, api.RUNTIME_STATUS_TERMINATED)
		same(done.SerializedOutput, `"bye"`)
		must(w.client.TerminateOrchestration(w.ctx, id, api.WithOutput("again")))
		same(w.get(id).SerializedOutput, `"bye"`)
	}
}

// Root, two children, and one child of each.
func tree(r *task.TaskRegistry) *task.TaskRegistry {
	child := func(ctx *task.OrchestrationContext, name string, suffix string) task.Task {
		return ctx.CallSubOrchestrator(name, task.WithSubOrchestratorInput(1),
			task.WithSubOrchestrationInstanceID(string(ctx.ID)+suffix))
	}
	must(r.AddOrchestratorN("Root", func(ctx *task.OrchestrationContext) (any, error) {
		left, right := child(ctx, "Branch", "-l"), child(ctx, "Branch", "-r")
		return nil, errors.Join(left.Await(nil), right.Await(nil))
	}))
	must(r.AddOrchestratorN("Branch", func(ctx *task.OrchestrationContext) (any, error) {
		return nil, child(ctx, "Waiter", "-w").Await(nil)
	}))
	return waiter(r)
}

var descendants = []api.InstanceID{"-l", "-r", "-l-w", "-r-w"}

func (w *world) startTree() api.InstanceID {
	id := w.start("Root")
	for _, suffix := range []api.InstanceID{"-l-w", "-r-w"} {
		_, err := w.client.WaitForOrchestrationStart(w.ctx, id+suffix)
		must(err)
	}
	return id
}

func terminateTree(w *world) {
	defer w.work(tree(registry()))()
	id := w.startTree()
	must(w.client.TerminateOrchestration(w.ctx, id, api.WithRecursiveTerminate(true)))
	for _, suffix := range append(descendants, "") {
		same(w.end(id+suffix).RuntimeStatus, api.RUNTIME_STATUS_TERMINATED)
	}
	alone := w.startTree()
	must(w.client.TerminateOrchestration(w.ctx, alone, api.WithRecursiveTerminate(false)))
	same(w.end(alone).RuntimeStatus, api.RUNTIME_STATUS_TERMINATED)
	for _, suffix := range []api.InstanceID{"-l-w", "-r-w"} {
		must(w.client.RaiseEvent(w.ctx, alone+suffix, "Go"))
	}
	for _, suffix := range descendants {
		same(w.end(alone+suffix).RuntimeStatus, api.RUNTIME_STATUS_COMPLETED)
	}
}

func (w *world) gone(id api.InstanceID) {
	_, err := w.client.FetchOrchestrationMetadata(w.ctx, id)
	check(errors.Is(err, api.ErrInstanceNotFound), "of '%s' there is still something: %v", id, err)
}

func purge(w *world) {
	defer w.work(waiter(registry()))()
	err := w.client.PurgeOrchestrationState(w.ctx, "nobody")
	check(errors.Is(err, api.ErrInstanceNotFound), "the purge of an unknown one ended with %v", err)
	id := w.start("Waiter", api.WithInput(1))
	w.becomes(id, api.RUNTIME_STATUS_RUNNING)
	err = w.client.PurgeOrchestrationState(w.ctx, id)
	check(err != nil, "a live one was purged")
	must(w.client.RaiseEvent(w.ctx, id, "Go"))
	w.completes(id, "2")
	must(w.client.PurgeOrchestrationState(w.ctx, id))
	w.gone(id)
	// The id is free, and what it meant is forgotten.
	again := w.start("Waiter", api.WithInput(7), api.WithInstanceID(id))
	must(w.client.RaiseEvent(w.ctx, again, "Go"))
	w.completes(again, "8")
}

func purgeTree(w *world) {
	defer w.work(tree(registry()))()
	for _, recursive := range []bool{true, false} {
		id := w.startTree()
		must(w.client.RaiseEvent(w.ctx, id+"-l-w", "Go"))
		must(w.client.RaiseEvent(w.ctx, id+"-r-w", "Go"))
		w.completes(id, "")
		must(w.client.PurgeOrchestrationState(w.ctx, id, api.WithRecursivePurge(recursive)))
		w.gone(id)
		for _, suffix := range descendants {
			if recursive {
				w.gone(id + suffix)
			} else {
				same(w.get(id+suffix).RuntimeStatus, api.RUNTIME_STATUS_COMPLETED)
			}
		}
	}
}

func scheduledStart(w *world) {
	r := registry()
	must(r.AddOrchestratorN("Later", func(ctx *task.OrchestrationContext) (any, error) {
		return ctx.CurrentTimeUtc.UnixMilli(), nil
	}))
	defer w.work(r)()
	due := time.Now().Add(700 * time.Millisecond)
	id := w.start("Later", api.WithStartTime(due))
	var at int64
	_, err := fmt.Sscan(w.end(id).SerializedOutput, &at)
	must(err)
	check(at >= due.UnixMilli(), "it began at %d, due %d", at, due.UnixMilli())
	w.end(w.start("Later", api.WithStartTime(time.Unix(0, 0)))) // long due
}

func waits(w *world) {
	short := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(w.ctx, 300*time.Millisecond)
	}
	id := w.start("Waiter", api.WithInput(1))
	ctx, cancel := short()
	_, err := w.client.WaitForOrchestrationStart(ctx, id)
	cancel()
	check(errors.Is(err, context.DeadlineExceeded), "nobody works, and the wait ended with %v", err)
	same(w.get(id).RuntimeStatus, api.RUNTIME_STATUS_PENDING)
	defer w.work(waiter(registry()))()
	started, err := w.client.WaitForOrchestrationStart(w.ctx, id)
	must(err)
	same(started.RuntimeStatus, api.RUNTIME_STATUS_RUNNING)
	inAnHour := api.WithStartTime(time.Now().Add(time.Hour))
	w.staysAfterEvent(w.start("Waiter", api.WithInput(1), inAnHour))
	must(w.client.RaiseEvent(w.ctx, id, "Go"))
	w.completes(id, "2")
	w.completes(id, "2") // a wait that comes too late is answered at once
	w.gone("nobody")
	ctx, cancel = short()
	defer cancel()
	_, err = w.client.WaitForOrchestrationCompletion(ctx, "nobody")
	check(err != nil, "the end of an unknown instance was seen")
}

func payloads(w *world) {
	defer w.work(waiter(registry()))()
	id := w.start("Waiter", api.WithRawInput("41"))
	must(w.client.RaiseEvent(w.ctx, id, "Go", api.WithRawEventData(`{"a": [1, null]}`)))
	w.completes(id, "42")
	bare, err := w.client.FetchOrchestrationMetadata(w.ctx, id, api.WithFetchPayloads(false))
	must(err)
	same(bare.SerializedInput+bare.SerializedOutput, "")
	same(bare.RuntimeStatus, api.RUNTIME_STATUS_COMPLETED)
}

func (w *world) startAgain(id api.InstanceID, policy *api.OrchestrationIdReusePolicy) error {
	options := []api.NewOrchestrationOptions{api.WithInput(100), api.WithInstanceID(id)}
	if policy != nil {
		options = append(options, api.WithOrchestrationIdReusePolicy(policy))
	}
	_, err := w.client.ScheduleNewOrchestration(w.ctx, "Waiter", options...)
	return err
}

func refused(err error) {
	check(err != nil && strings.Contains(err.Error(), "orchestration instance already exists"),
		"the second start ended with %v", err)
}

func reuseError(w *world) {
	defer w.work(waiter(registry()))()
	id := w.start("Waiter", api.WithInput(1))
	refused(w.startAgain(id, nil))
	w.becomes(id, api.RUNTIME_STATUS_RUNNING)
	refused(w.startAgain(id, nil))
	must(w.client.SuspendOrchestration(w.ctx, id, ""))
	w.becomes(id, api.RUNTIME_STATUS_SUSPENDED)
	refused(w.startAgain(id, nil))
	must(w.client.ResumeOrchestration(w.ctx, id, ""))
	must(w.client.RaiseEvent(w.ctx, id, "Go"))
	w.completes(id, "2")
	must(w.startAgain(id, nil)) // what has ended gives way
	must(w.client.RaiseEvent(w.ctx, id, "Go"))
	w.completes(id, "101")
}

var runningOrCompleted = []api.OrchestrationStatus{
	api.RUNTIME_STATUS_RUNNING, api.RUNTIME_STATUS_COMPLETED, api.RUNTIME_STATUS_PENDING}

func reuseIgnore(w *world) {
	defer w.work(waiter(registry()))()
	ignore := &api.OrchestrationIdReusePolicy{
		Action: api.REUSE_ID_ACTION_IGNORE, OperationStatus: runningOrCompleted}
	id := w.start("Waiter", api.WithInput(1))
	created := w.get(id).CreatedAt
	must(w.startAgain(id, ignore))
	must(w.client.RaiseEvent(w.ctx, id, "Go"))
	w.completes(id, "2")
	must(w.startAgain(id, ignore))
	same(w.completes(id, "2").CreatedAt, created)
	// A status that is not in the list.
	suspended := w.start("Waiter", api.WithInput(1))
	must(w.client.SuspendOrchestration(w.ctx, suspended, ""))
	w.becomes(suspended, api.RUNTIME_STATUS_SUSPENDED)
	refused(w.startAgain(suspended, ignore))
}

func reuseTerminate(w *world) {
	defer w.work(waiter(registry()))()
	replace := &api.OrchestrationIdReusePolicy{
		Action: api.REUSE_ID_ACTION_TERMINATE, OperationStatus: runningOrCompleted}
	id := w.start("Waiter", api.WithInput(1))
	w.becomes(id, api.RUNTIME_STATUS_RUNNING)
	created := w.get(id).CreatedAt
	must(w.startAgain(id, replace))
	must(w.client.RaiseEvent(w.ctx, id, "Go"))
	done := w.completes(id, "101")
	check(created.Before(done.CreatedAt), "the new one was created at %v, the old one at %v",
		done.CreatedAt, created)
	same(done.SerializedInput, "100")
	must(w.startAgain(id, replace))
	must(w.client.SuspendOrchestration(w.ctx, id, ""))
	w.becomes(id, api.RUNTIME_STATUS_SUSPENDED)
	refused(w.startAgain(id, replace))
}
