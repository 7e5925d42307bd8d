// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// One StreamInstanceHistory: a page is read and translated on the pump when the one before has
// left, so a slow reader costs one page of memory and no thread.
//
// Owned by itself, from `begin` to OnDone.
#pragma once

#include <durabletask/orchestrator_service.pb.h>
#include <grpcpp/support/server_callback.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "engine/query.h"
#include "runtime/monitor.h"
#include "transport/durabletask/history.h"
#include "transport/grpc/pump.h"

namespace perdure::durabletask {

/// SDKs expect chunks of about this size.
inline constexpr std::size_t kChunkBytes = std::size_t{192} << 10;

class HistoryStream final : public ::grpc::ServerWriteReactor<::HistoryChunk>,
                            public std::enable_shared_from_this<HistoryStream> {
 public:
  /// Where the pages come from: the events from this number on.
  using Pages = std::function<base::Result<engine::HistoryPage>(model::EventNumber from)>;

  HistoryStream(transport::Pump& pump, model::InstanceKey key, Reader reader, Pages pages);

  void begin();

  void OnWriteDone(bool ok) override;
  void OnCancel() override { cancelled_ = true; }
  void OnDone() override { const std::shared_ptr<HistoryStream> last = std::move(self_); }

 private:
  void schedule();
  void next_page();

  transport::Pump& pump_;
  const model::InstanceKey key_;
  const Reader reader_;
  const Pages pages_;
  std::shared_ptr<HistoryStream> self_;
  std::optional<HistoryTranslator> translator_;  // from the first page on
  std::optional<model::Execution> execution_;
  std::optional<model::EventNumber> next_ = 0;
  ::HistoryChunk chunk_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace perdure::durabletask
