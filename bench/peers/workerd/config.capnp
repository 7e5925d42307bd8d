# SPDX-FileCopyrightText: 2026 The Perdure authors
# SPDX-License-Identifier: Apache-2.0

using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "app", worker = .app),
    (name = "wf", worker = .wf),
    (name = "do-storage", disk = (path = "/nonexistent", writable = true)),  # given with --directory-path
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:28787", http = (), service = "app"),
  ],
);
const app :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed "worker.js") ],
  compatibilityDate = "2026-11-01",
  durableObjectNamespaces = [ (className = "Counter", uniqueKey = "counter", enableSql = true) ],
  durableObjectStorage = (localDisk = "do-storage"),
  bindings = [ (name = "COUNTER", durableObjectNamespace = "Counter") ],
  workflowsEngine = (
    actorClass = (name = "wf", entrypoint = "Engine"),
    workflows = [ (className = "Bench", name = "bench",
      bindingService = (name = "wf", entrypoint = "WorkflowBinding", props = (json = "{\"workflow\":\"bench\"}"))) ] ),
);
const wf :Workerd.Worker = (
  modules = [ (name = "workflows.js", bundled = "/workerd/workflows.js") ],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["experimental"],
  durableObjectStorage = (localDisk = "do-storage"),
  bindings = [
    (name = "bench", durableObjectNamespace = (className = "miniflare-workflows-bench", serviceName = "app")),
    (name = "workflow:bench", durableObjectNamespace = (className = "miniflare-workflows-bench", serviceName = "app")),
    (name = "WORKFLOWS", json = "{\"bench\":{\"steps\":20000}}"),
  ],
);
