// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0

// A real program on the official Durable Task SDK for Go, against a server that was not made for
// it.
//
//	interop list                         the names of the scenarios
//	interop HOST:PORT SCENARIO           run one scenario; status 0: all was as expected
//	interop HOST:PORT worker             serve the load until killed; a line once it works
//	interop HOST:PORT load SECONDS WIDE  give load, and print what became of it as JSON
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/microsoft/durabletask-go/api"
	"github.com/microsoft/durabletask-go/client"
	"github.com/microsoft/durabletask-go/task"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// A scenario that is not done after this long is stuck.
const timeMax = 120 * time.Second

var scenarios = map[string]func(*world){
	"chaining":           chaining,
	"fan_out":            fanOut,
	"timers":             timers,
	"external_events":    externalEvents,
	"event_time_out":     eventTimeOut,
	"sub_orchestrations": subOrchestrations,
	"activity_retries":   activityRetries,
	"child_retries":      childRetries,
	"continue_as_new":    continueAsNew,
	"custom_status":      customStatus,
	"failures":           failures,
	"suspend_resume":     suspendResume,
	"terminate":          terminate,
	"terminate_tree":     terminateTree,
	"purge":              purge,
	"purge_tree":         purgeTree,
	"scheduled_start":    scheduledStart,
	"waits":              waits,
	"payloads":           payloads,
	"reuse_error":        reuseError,
	"reuse_ignore":       reuseIgnore,
	"reuse_terminate":    reuseTerminate,
	"worker_lost":        workerLost,
	"two_workers":        twoWorkers,
	"large_payloads":     largePayloads,
	"oversized_history":  oversizedHistory,
}

// What a scenario runs in. Not to be used by more than one.
type world struct {
	ctx    context.Context
	client *client.TaskHubGrpcClient
	conn   *grpc.ClientConn
}

// Says nothing: what matters is in the outcome.
type silence struct{}

func (silence) Debug(...any)          {}
func (silence) Debugf(string, ...any) {}
func (silence) Info(...any)           {}
func (silence) Infof(string, ...any)  {}
func (silence) Warn(...any)           {}
func (silence) Warnf(string, ...any)  {}
func (silence) Error(...any)          {}
func (silence) Errorf(string, ...any) {}

func connect(ctx context.Context, address string) *world {
	conn, err := grpc.Dial(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(err)
	return &world{ctx: ctx, conn: conn, client: client.NewTaskHubGrpcClient(conn, silence{})}
}

// Begins to work; the returned function ends it.
func (w *world) work(registry *task.TaskRegistry) context.CancelFunc {
	ctx, cancel := context.WithCancel(w.ctx)
	must(w.client.StartWorkItemListener(ctx, registry))
	return cancel
}

func (w *world) start(name string, options ...api.NewOrchestrationOptions) api.InstanceID {
	id, err := w.client.ScheduleNewOrchestration(w.ctx, name, options...)
	must(err)
	return id
}

func (w *world) get(id api.InstanceID) *api.OrchestrationMetadata {
	metadata, err := w.client.FetchOrchestrationMetadata(w.ctx, id)
	must(err)
	return metadata
}

func (w *world) end(id api.InstanceID) *api.OrchestrationMetadata {
	metadata, err := w.client.WaitForOrchestrationCompletion(w.ctx, id)
	must(err)
	return metadata
}

// Waits for the end, which must be a completion with this output.
func (w *world) completes(id api.InstanceID, output string) *api.OrchestrationMetadata {
	metadata := w.end(id)
	same(metadata.RuntimeStatus, api.RUNTIME_STATUS_COMPLETED)
	same(metadata.SerializedOutput, output)
	return metadata
}

// Waits until the instance is in this state.
func (w *world) becomes(id api.InstanceID, status api.OrchestrationStatus) {
	for w.get(id).RuntimeStatus != status {
		must(w.ctx.Err())
		time.Sleep(10 * time.Millisecond)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func same[T comparable](found, wanted T) {
	if found != wanted {
		panic(fmt.Sprintf("%#v where %#v was expected", found, wanted))
	}
}

func check(holds bool, what string, values ...any) {
	if !holds {
		panic(fmt.Sprintf("not so: "+what, values...))
	}
}

func names() []string {
	names := []string{}
	for name := range scenarios {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "list" {
		for _, name := range names() {
			fmt.Println(name)
		}
		return
	}
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: interop list | HOST:PORT SCENARIO|worker|load SECONDS WIDE")
		os.Exit(2)
	}
	address, name := os.Args[1], os.Args[2]
	switch name {
	case "worker":
		loadWorker(address)
		return
	case "load":
		loadClient(address, os.Args[3:])
		return
	}
	scenario, known := scenarios[name]
	if !known {
		fmt.Fprintln(os.Stderr, "no such scenario:", name)
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeMax)
	defer cancel()
	w := connect(ctx, address)
	defer w.conn.Close()
	scenario(w)
}
