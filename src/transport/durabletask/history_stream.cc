// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/durabletask/history_stream.h"

#include <fmt/format.h>

#include <utility>

#include "transport/grpc/status.h"

namespace perdure::durabletask {

HistoryStream::HistoryStream(transport::Pump& pump, model::InstanceKey key, Reader reader,
                             Pages pages)
    : pump_(pump), key_(std::move(key)), reader_(reader), pages_(std::move(pages)) {}

void HistoryStream::begin() {
  self_ = shared_from_this();
  schedule();
}

void HistoryStream::schedule() {
  if (pump_.offer([self = shared_from_this()] { self->next_page(); })) return;
  Finish({::grpc::StatusCode::RESOURCE_EXHAUSTED, "too many histories are read; try again later"});
}

void HistoryStream::OnWriteDone(bool ok) {
  if (!ok) return Finish(::grpc::Status::CANCELLED);
  schedule();
}

void HistoryStream::next_page() {
  if (cancelled_) return Finish(::grpc::Status::CANCELLED);
  chunk_.clear_events();
  while (next_ && chunk_.events().empty()) {
    auto page = pages_(*next_);
    if (!page) return Finish(transport::to_status(page.error()));
    if (execution_ && *execution_ != page->execution) {
      return Finish(
          {::grpc::StatusCode::ABORTED,
           fmt::format("the history of instance '{}' was replaced meanwhile; try again", key_.id)});
    }
    execution_ = page->execution;
    if (!translator_) translator_.emplace(key_, page->execution, Dialect::kCurrent, reader_);
    for (const model::Event& event : page->events) {
      translator_->add(event, chunk_.mutable_events());
    }
    next_ = page->next;
  }
  if (chunk_.events().empty()) return Finish(::grpc::Status::OK);
  StartWrite(&chunk_);
}

}  // namespace perdure::durabletask
