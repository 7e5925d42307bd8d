// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0

// What orchestrations are made of.
package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/microsoft/durabletask-go/api"
	"github.com/microsoft/durabletask-go/task"
)

// The activities of most scenarios.
func registry() *task.TaskRegistry {
	r := task.NewTaskRegistry()
	must(r.AddActivityN("Increment", func(ctx task.ActivityContext) (any, error) {
		var value int
		if err := ctx.GetInput(&value); err != nil {
			return nil, err
		}
		return value + 1, nil
	}))
	must(r.AddActivityN("Fail", func(task.ActivityContext) (any, error) {
		return nil, errors.New("it can not be done: 世界")
	}))
	return r
}

func increment(ctx *task.OrchestrationContext, value int) (int, error) {
	err := ctx.CallActivity("Increment", task.WithActivityInput(value)).Await(&value)
	return value, err
}

func chaining(w *world) {
	r := registry()
	must(r.AddOrchestratorN("Chain", func(ctx *task.OrchestrationContext) (any, error) {
		var value int
		if err := ctx.GetInput(&value); err != nil {
			return nil, err
		}
		for i := 0; i < 10; i++ {
			var err error
			if value, err = increment(ctx, value); err != nil {
				return nil, err
			}
		}
		return value, nil
	}))
	defer w.work(r)()
	id := w.start("Chain", api.WithInput(5))
	done := w.completes(id, "15")
	same(done.Name, "Chain")
	same(done.SerializedInput, "5")
	check(!done.CreatedAt.IsZero() && !done.LastUpdatedAt.Before(done.CreatedAt),
		"it was created at %v and ended at %v", done.CreatedAt, done.LastUpdatedAt)
}

func fanOut(w *world) {
	const width = 300
	r := registry()
	must(r.AddOrchestratorN("FanOut", func(ctx *task.OrchestrationContext) (any, error) {
		tasks := []task.Task{}
		for i := 0; i < width; i++ {
			tasks = append(tasks, ctx.CallActivity("Increment", task.WithActivityInput(i)))
		}
		sum := 0
		for _, one := range tasks {
			var value int
			if err := one.Await(&value); err != nil {
				return nil, err
			}
			sum += value
		}
		return sum, nil
	}))
	defer w.work(r)()
	w.completes(w.start("FanOut"), fmt.Sprint(width*(width+1)/2))
}

func timers(w *world) {
	r := registry()
	must(r.AddOrchestratorN("Timers", func(ctx *task.OrchestrationContext) (any, error) {
		begun := ctx.CurrentTimeUtc
		waits := []task.Task{}
		for i := 1; i <= 3; i++ {
			waits = append(waits, ctx.CreateTimer(time.Duration(i)*100*time.Millisecond))
		}
		waits = append(waits, ctx.CreateTimer(-time.Hour)) // is due at once
		for i := len(waits) - 1; i >= 0; i-- {
			if err := waits[i].Await(nil); err != nil {
				return nil, err
			}
		}
		return ctx.CurrentTimeUtc.Sub(begun).Milliseconds() >= 300, nil
	}))
	defer w.work(r)()
	w.completes(w.start("Timers"), "true")
}

func externalEvents(w *world) {
	const count = 20
	r := registry()
	must(r.AddOrchestratorN("Listen", func(ctx *task.OrchestrationContext) (any, error) {
		for i := 0; i < count; i++ {
			var value int
			if err := ctx.WaitForSingleEvent("Number", -1).Await(&value); err != nil {
				return nil, err
			}
			if value != i {
				return nil, fmt.Errorf("%d came where %d was expected", value, i)
			}
		}
		return "all of them", nil
	}))
	defer w.work(r)()
	id := w.start("Listen")
	for i := 0; i < count; i++ {
		name := []string{"Number", "NUMBER", "number"}[i%3]
		must(w.client.RaiseEvent(w.ctx, id, name, api.WithEventPayload(i)))
	}
	w.completes(id, `"all of them"`)
	// It has ended: nobody is interested, and nobody complains.
	must(w.client.RaiseEvent(w.ctx, id, "Number", api.WithEventPayload(0)))
}

func eventTimeOut(w *world) {
	r := registry()
	must(r.AddOrchestratorN("Impatient", func(ctx *task.OrchestrationContext) (any, error) {
		err := ctx.WaitForSingleEvent("Never", 50*time.Millisecond).Await(nil)
		return errors.Is(err, task.ErrTaskCanceled), nil
	}))
	defer w.work(r)()
	w.completes(w.start("Impatient"), "true")
}

func subOrchestrations(w *world) {
	r := registry()
	must(r.AddOrchestratorN("Parent", func(ctx *task.OrchestrationContext) (any, error) {
		named := ctx.CallSubOrchestrator("Child", task.WithSubOrchestratorInput(1),
			task.WithSubOrchestrationInstanceID(string(ctx.ID)+"-named"))
		unnamed := ctx.CallSubOrchestrator("Child", task.WithSubOrchestratorInput(10))
		other := ctx.CallSubOrchestrator("Child", task.WithSubOrchestratorInput(20))
		sum := 0
		for _, child := range []task.Task{named, unnamed, other} {
			var value int
			if err := child.Await(&value); err != nil {
				return nil, err
			}
			sum += value
		}
		return sum, nil
	}))
	must(r.AddOrchestratorN("Child", func(ctx *task.OrchestrationContext) (any, error) {
		var value int
		if err := ctx.GetInput(&value); err != nil {
			return nil, err
		}
		return increment(ctx, value)
	}))
	defer w.work(r)()
	id := w.start("Parent")
	w.completes(id, "34")
	w.completes(id+"-named", "2")
	w.completes(id+":0001", "11") // the ids of the others are made of the parent's
	w.completes(id+":0002", "21")
}

func activityRetries(w *world) {
	r := registry()
	var calls atomic.Int32
	must(r.AddActivityN("ThirdTimeLucky", func(task.ActivityContext) (any, error) {
		if calls.Add(1) < 3 {
			return nil, errors.New("not yet")
		}
		return "done", nil
	}))
	policy := &task.RetryPolicy{MaxAttempts: 5, InitialRetryInterval: 20 * time.Millisecond,
		BackoffCoefficient: 2}
	must(r.AddOrchestratorN("Retry", func(ctx *task.OrchestrationContext) (any, error) {
		var result string
		err := ctx.CallActivity("ThirdTimeLucky", task.WithActivityRetryPolicy(policy)).Await(&result)
		return result, err
	}))
	must(r.AddOrchestratorN("RetryInVain", func(ctx *task.OrchestrationContext) (any, error) {
		return nil, ctx.CallActivity("Fail", task.WithActivityRetryPolicy(policy)).Await(nil)
	}))
	defer w.work(r)()
	w.completes(w.start("Retry"), `"done"`)
	same(calls.Load(), 3)
	same(w.end(w.start("RetryInVain")).RuntimeStatus, api.RUNTIME_STATUS_FAILED)
}

// Each attempt is a start of the same instance.
func childRetries(w *world) {
	r := registry()
	var runs atomic.Int32
	must(r.AddOrchestratorN("Stubborn", func(ctx *task.OrchestrationContext) (any, error) {
		var result string
		err := ctx.CallSubOrchestrator("Unlucky",
			task.WithSubOrchestrationInstanceID(string(ctx.ID)+"-child"),
			task.WithSubOrchestrationRetryPolicy(&task.RetryPolicy{MaxAttempts: 5,
				InitialRetryInterval: 20 * time.Millisecond})).Await(&result)
		return result, err
	}))
	must(r.AddOrchestratorN("Unlucky", func(*task.OrchestrationContext) (any, error) {
		if runs.Add(1) < 3 {
			return nil, errors.New("not yet")
		}
		return "at last", nil
	}))
	defer w.work(r)()
	id := w.start("Stubborn")
	w.completes(id, `"at last"`)
	w.completes(id+"-child", `"at last"`)
	same(runs.Load(), 3)
}

func continueAsNew(w *world) {
	const rounds = 30
	r := registry()
	must(r.AddOrchestratorN("Loop", func(ctx *task.OrchestrationContext) (any, error) {
		var round int
		if err := ctx.GetInput(&round); err != nil {
			return nil, err
		}
		if round == rounds {
			return round, nil
		}
		// One a round: those that came too early must be carried over.
		if err := ctx.WaitForSingleEvent("Next", 30*time.Second).Await(nil); err != nil {
			return nil, err
		}
		next, err := increment(ctx, round)
		ctx.ContinueAsNew(next, task.WithKeepUnprocessedEvents())
		return nil, err
	}))
	defer w.work(r)()
	id := w.start("Loop", api.WithInput(0))
	for i := 0; i < rounds; i++ {
		must(w.client.RaiseEvent(w.ctx, id, "Next"))
	}
	w.completes(id, fmt.Sprint(rounds))
}

func customStatus(w *world) {
	r := registry()
	must(r.AddOrchestratorN("Status", func(ctx *task.OrchestrationContext) (any, error) {
		ctx.SetCustomStatus("waits")
		if err := ctx.WaitForSingleEvent("Go", -1).Await(nil); err != nil {
			return nil, err
		}
		ctx.SetCustomStatus("went 世界")
		return nil, nil
	}))
	defer w.work(r)()
	id := w.start("Status")
	for w.get(id).SerializedCustomStatus != "waits" {
		must(w.ctx.Err())
		time.Sleep(10 * time.Millisecond)
	}
	must(w.client.RaiseEvent(w.ctx, id, "Go"))
	same(w.completes(id, "").SerializedCustomStatus, "went 世界")
}

func failures(w *world) {
	r := registry()
	must(r.AddOrchestratorN("Fails", func(ctx *task.OrchestrationContext) (any, error) {
		return nil, ctx.CallActivity("Fail").Await(nil)
	}))
	must(r.AddOrchestratorN("ChildFails", func(ctx *task.OrchestrationContext) (any, error) {
		return nil, ctx.CallSubOrchestrator("Fails").Await(nil)
	}))
	must(r.AddOrchestratorN("Catches", func(ctx *task.OrchestrationContext) (any, error) {
		activity := ctx.CallActivity("Fail").Await(nil)
		child := ctx.CallSubOrchestrator("Fails").Await(nil)
		unknown := ctx.CallActivity("NobodyHasThis").Await(nil)
		return []string{activity.Error(), child.Error(), unknown.Error()}, nil
	}))
	defer w.work(r)()
	same(w.end(w.start("Fails")).RuntimeStatus, api.RUNTIME_STATUS_FAILED)
	same(w.end(w.start("ChildFails")).RuntimeStatus, api.RUNTIME_STATUS_FAILED)
	same(w.end(w.start("NobodyHasThisOne")).RuntimeStatus, api.RUNTIME_STATUS_FAILED)
	const told = "task failed with an error: "
	w.completes(w.start("Catches"), `["`+told+`it can not be done: 世界","`+told+told+
		`it can not be done: 世界","`+told+`no task activity named 'NobodyHasThis' was registered"]`)
}
