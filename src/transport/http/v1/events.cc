// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Server-sent events: the history of an instance as it grows, and its status when it changes.
//
//   event: history   id: 3.17   the event 17 of execution 3
//   event: status               the instance, without its input
//   event: end                  nothing more will come: it has ended, or can not be read any more
//
// Who comes back with Last-Event-ID gets what follows it; after a continue-as-new the new execution
// is told from its start. The instance is looked at again and again, seldom while nothing happens:
// what is sent is what is durable, whichever thread or node made it so.
#include <fmt/format.h>

#include <algorithm>

#include "model/instance.h"
#include "transport/http/text.h"
#include "transport/http/v1/api.h"
#include "transport/http/v1/parameters.h"
#include "transport/http/v1/render.h"

namespace perdure::transport::http::v1 {
namespace {

constexpr base::Duration kPauseMin = base::milliseconds(50);
constexpr base::Duration kPauseMax = base::seconds(1);
constexpr base::Duration kHeartbeat = base::seconds(15);
/// Then it ends, and the client comes back: perhaps to another node.
constexpr base::Duration kOpenMax = base::seconds(3600);
/// Handed to the connection before the client took what came before.
constexpr std::size_t kBatchBytes = std::size_t{256} << 10;

struct Place {
  model::Execution execution;
  model::EventNumber next = 0;
};

/// "3.17": what follows event 17 of execution 3.
base::Result<Place> parse_place(std::string_view text) {
  if (text.empty()) return Place{};
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto execution = parse_number(text.substr(0, point));
  const auto number = parse_number(text.substr(std::min(point + 1, text.size())));
  if (!execution || !number) {
    return base::fail(base::ErrorCode::kInvalidArgument,
                      "Last-Event-ID is \"execution.number\", as an event had it");
  }
  return Place{model::Execution{*execution}, *number + 1};
}

/// One stream. Its steps follow each other, on the threads that the hubs and the connection call
/// back on; only one is under way. Kept alive by the step that it waits for.
class Watch final : public std::enable_shared_from_this<Watch> {
 public:
  Watch(CallHandle call, Place place)
      : call_(std::move(call)), place_(place), opened_(call_->site->clock.monotonic()) {}
  ~Watch() { call_->site->streams_open.fetch_sub(1, std::memory_order_relaxed); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void look() {
    call_->hubs().get(call_->permit, call_->request.parameter("id"), hub::Inputs::kLeaveOut,
                      [self = shared_from_this()](base::Result<model::InstanceSnapshot> found) {
                        self->on_instance(std::move(found));
                      });
  }

 private:
  void on_instance(base::Result<model::InstanceSnapshot> found) {
    if (!found) return fail(found.error());
    instance_ = *std::move(found);
    if (!std::exchange(begun_, true)) {
      call_->answer.begin({200, {{"Content-Type", "text/event-stream"}}});
      say("retry: 1000\n\n");
    }
    if (place_.execution != instance_.record.execution) {
      place_ = {instance_.record.execution, 0};
    }
    if (instance_.record.history_events > place_.next && call_->answer.waiting() == 0) {
      return read_history();
    }
    on_told();
  }

  void read_history() {
    batch_bytes_ = 0;
    call_->hubs().history(
        call_->permit, instance_.key.id,
        [self = shared_from_this()](model::Execution execution,
                                    const std::vector<model::Event>& events) {
          return self->tell(execution, events);
        },
        [self = shared_from_this()](base::Result<> done) {
          if (!done) return self->fail(done.error());
          self->on_told();
        },
        place_.next);
  }

  bool tell(model::Execution execution, const std::vector<model::Event>& events) {
    if (execution != place_.execution) return false;
    for (const model::Event& event : events) {
      if (batch_bytes_ >= kBatchBytes) return false;
      const std::string text =
          fmt::format("event: history\nid: {}.{}\ndata: {}\n\n", execution.value, place_.next,
                      one_line(render(place_.next, event)));
      batch_bytes_ += text.size();
      ++place_.next;
      if (!say(text)) return false;
    }
    return true;
  }

  /// The events that are there were told, or a part of them.
  void on_told() {
    const bool all = place_.next >= instance_.record.history_events && has_room();

    std::string shown = one_line(render(instance_));
    if (all && shown != shown_) {
      say(fmt::format("event: status\ndata: {}\n\n", shown));
      shown_ = std::move(shown);
    }
    if (all && model::is_terminal(instance_.record.status) && has_room()) return end("ended");
    rest();
  }

  /// What was said is nearly all taken: more can be said now, and not in the next round.
  [[nodiscard]] bool has_room() const { return call_->answer.waiting() <= kBatchBytes; }

  void rest() {
    const base::Timestamp now = call_->site->clock.monotonic();
    if (gone_) return;
    if (now - opened_ > kOpenMax) return call_->answer.end();
    if (now - said_ > kHeartbeat) say(": still here\n\n");
    pause_ = std::exchange(quiet_, true) ? std::min(kPauseMax, base::Duration{pause_.us * 2})
                                         : kPauseMin;
    call_->answer.after(pause_, [self = shared_from_this()] { self->look(); });
  }

  void fail(const base::Error& error) {
    if (!begun_) return call_->answer.send(failure_response(error));
    end(base::error_name(error.code));
  }

  void end(std::string_view why) {
    say(fmt::format("event: end\ndata: {}\n\n", JsonObject().text("reason", why).finish()));
    call_->answer.end();
  }

  bool say(std::string text) {
    quiet_ = false;
    said_ = call_->site->clock.monotonic();
    gone_ = gone_ || !call_->answer.write(std::move(text));
    return !gone_;
  }

  /// A payload may be laid out in lines; in JSON a line end is only ever layout.
  static std::string one_line(std::string text) {
    std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return text;
  }

  const CallHandle call_;
  Place place_;
  const base::Timestamp opened_;
  base::Timestamp said_{};
  base::Duration pause_ = kPauseMin;
  bool begun_ = false;
  bool gone_ = false;
  bool quiet_ = false;
  model::InstanceSnapshot instance_;
  std::string shown_;
  std::size_t batch_bytes_ = 0;
};

}  // namespace

base::Result<> watch(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  std::string last = parameters.text("last_event_id");
  if (const auto header = call->request.header("Last-Event-ID"); !header.empty()) last = header;
  PERDURE_ASSIGN_OR_RETURN(const Place place, parse_place(last));
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  if (call->site->streams_open.fetch_add(1, std::memory_order_relaxed) >= kStreamsMax) {
    call->site->streams_open.fetch_sub(1, std::memory_order_relaxed);
    return base::fail(base::ErrorCode::kResourceExhausted,
                      fmt::format("{} event streams are open; try again later", kStreamsMax));
  }
  std::make_shared<Watch>(call, place)->look();
  return {};
}

}  // namespace perdure::transport::http::v1
