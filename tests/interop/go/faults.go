// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0

// Workers that vanish, and things that are large.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/microsoft/durabletask-go/api"
	"github.com/microsoft/durabletask-go/task"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The stream ends while an activity and a turn are in the worker's hands. Both are handed out
// again, and what the first worker answers late is not taken twice.
func workerLost(w *world) {
	var activities atomic.Int32
	held := make(chan struct{}, 2)
	release := make(chan struct{})
	r := registry()
	must(r.AddActivityN("Slow", func(task.ActivityContext) (any, error) {
		if activities.Add(1) == 1 {
			held <- struct{}{}
			<-release
		}
		return "slow", nil
	}))
	must(r.AddOrchestratorN("SlowActivity", func(ctx *task.OrchestrationContext) (any, error) {
		var result string
		err := ctx.CallActivity("Slow").Await(&result)
		return result, err
	}))
	var turns atomic.Int32
	must(r.AddOrchestratorN("SlowTurn", func(ctx *task.OrchestrationContext) (any, error) {
		if turns.Add(1) == 1 {
			held <- struct{}{}
			<-release
		}
		return increment(ctx, 1)
	}))
	lose := w.work(r)
	activity, turn := w.start("SlowActivity"), w.start("SlowTurn")
	<-held
	<-held
	lose()
	defer w.work(r)()
	w.completes(activity, `"slow"`)
	w.completes(turn, "2")
	close(release)
	time.Sleep(100 * time.Millisecond)
	w.completes(activity, `"slow"`)
	w.completes(turn, "2")
	check(activities.Load() == 2, "the activity ran %d times", activities.Load())
}

func twoWorkers(w *world) {
	const count = 100
	var shares [2]atomic.Int32
	for i := range shares {
		other := connect(w.ctx, w.conn.Target())
		defer other.conn.Close()
		r := task.NewTaskRegistry()
		share := &shares[i]
		must(r.AddActivityN("Share", func(task.ActivityContext) (any, error) {
			share.Add(1)
			time.Sleep(2 * time.Millisecond)
			return 1, nil
		}))
		must(r.AddOrchestratorN("Shared", func(ctx *task.OrchestrationContext) (any, error) {
			sum := 0
			for i := 0; i < 3; i++ {
				var one int
				if err := ctx.CallActivity("Share").Await(&one); err != nil {
					return nil, err
				}
				sum += one
			}
			return sum, nil
		}))
		defer other.work(r)()
	}
	ids := []api.InstanceID{}
	for i := 0; i < count; i++ {
		ids = append(ids, w.start("Shared"))
	}
	for _, id := range ids {
		w.completes(id, "3")
	}
	first, second := shares[0].Load(), shares[1].Load()
	same(first+second, 3*count)
	check(first > 0 && second > 0, "one worker had nothing to do: %d, %d", first, second)
}

func large(r *task.TaskRegistry) *task.TaskRegistry {
	must(r.AddActivityN("Repeat", func(ctx task.ActivityContext) (any, error) {
		var length int
		if err := ctx.GetInput(&length); err != nil {
			return nil, err
		}
		return strings.Repeat("ä", length/2), nil
	}))
	must(r.AddOrchestratorN("Large", func(ctx *task.OrchestrationContext) (any, error) {
		var lengths []int
		if err := ctx.GetInput(&lengths); err != nil {
			return nil, err
		}
		sum := 0
		for _, length := range lengths {
			var text string
			if err := ctx.CallActivity("Repeat", task.WithActivityInput(length)).Await(&text); err != nil {
				return nil, err
			}
			sum += len(text)
		}
		return sum, nil
	}))
	return r
}

func largePayloads(w *world) {
	defer w.work(large(registry()))()
	w.completes(w.start("Large", api.WithInput([]int{1 << 20, 1 << 20, 1 << 20})), fmt.Sprint(3<<20))
}

// More than the SDK receives: the turn can not be handed out. The instance fails instead of waiting
// for ever, and the stream is not broken for others.
func oversizedHistory(w *world) {
	defer w.work(large(registry()))()
	id := w.start("Large", api.WithInput([]int{1_800_000, 1_800_000, 1_800_000}))
	same(w.end(id).RuntimeStatus, api.RUNTIME_STATUS_FAILED)
	w.completes(w.start("Large", api.WithInput([]int{10})), "10")
}

// ---- load, for workers that are killed ----------------------------------------------------------

// Every kind of waiting: a chain, a fan-out, a timer and a child.
func loadRegistry(working func()) *task.TaskRegistry {
	r := task.NewTaskRegistry()
	must(r.AddActivityN("Increment", func(ctx task.ActivityContext) (any, error) {
		working()
		var value int
		err := ctx.GetInput(&value)
		return value + 1, err
	}))
	must(r.AddOrchestratorN("Load", func(ctx *task.OrchestrationContext) (any, error) {
		var value int
		err := ctx.GetInput(&value)
		for i := 0; i < 3 && err == nil; i++ {
			value, err = increment(ctx, value)
		}
		if err != nil {
			return nil, err
		}
		wide := []task.Task{}
		for i := 0; i < 4; i++ {
			wide = append(wide, ctx.CallActivity("Increment", task.WithActivityInput(i)))
		}
		if err := ctx.CreateTimer(20 * time.Millisecond).Await(nil); err != nil {
			return nil, err
		}
		for _, one := range wide {
			var more int
			if err := one.Await(&more); err != nil {
				return nil, err
			}
			value += more
		}
		var child int
		err = ctx.CallSubOrchestrator("LoadChild", task.WithSubOrchestratorInput(value)).Await(&child)
		return child, err
	}))
	must(r.AddOrchestratorN("LoadChild", func(ctx *task.OrchestrationContext) (any, error) {
		var value int
		if err := ctx.GetInput(&value); err != nil {
			return nil, err
		}
		return increment(ctx, value)
	}))
	return r
}

func loadWorker(address string) {
	w := connect(context.Background(), address)
	var once sync.Once
	w.work(loadRegistry(func() { once.Do(func() { fmt.Println("working") }) }))
	select {}
}

// Starts it exactly once, whatever becomes of the server meanwhile.
func (w *world) startSurely(ctx context.Context, id string, input int) api.InstanceID {
	for {
		_, err := w.client.ScheduleNewOrchestration(ctx, "Load", api.WithInput(input),
			api.WithInstanceID(api.InstanceID(id)))
		// That it is there already tells that an earlier start was heard.
		if err == nil || status.Code(err) == codes.AlreadyExists {
			return api.InstanceID(id)
		}
		if status.Code(err) != codes.Unavailable {
			panic(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

type loadReport struct {
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
	Wrong     int64 `json:"wrong"`
	Stuck     int64 `json:"stuck"`
}

func loadClient(address string, arguments []string) {
	seconds, err := strconv.Atoi(arguments[0])
	must(err)
	wide, err := strconv.Atoi(arguments[1])
	must(err)
	w := connect(context.Background(), address)
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	var completed, failed, wrong, stuck atomic.Int64
	var all sync.WaitGroup
	for i := 0; i < wide; i++ {
		all.Add(1)
		go func(input int) {
			defer all.Done()
			for round := 0; time.Now().Before(until); round++ {
				ctx, cancel := context.WithTimeout(w.ctx, timeMax)
				id := w.startSurely(ctx, fmt.Sprintf("load-%d-%d", input, round), input)
				done, err := w.client.WaitForOrchestrationCompletion(ctx, id)
				cancel()
				switch {
				case err != nil:
					stuck.Add(1)
				case done.RuntimeStatus != api.RUNTIME_STATUS_COMPLETED:
					failed.Add(1)
				case done.SerializedOutput != fmt.Sprint(input+3+10+1):
					wrong.Add(1)
				default:
					completed.Add(1)
				}
			}
		}(i)
	}
	all.Wait()
	must(json.NewEncoder(os.Stdout).Encode(
		loadReport{completed.Load(), failed.Load(), wrong.Load(), stuck.Load()}))
}
