// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "event_inbox.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace perdure::internal {
namespace {

std::string folded(std::string_view name) {
  std::string lower(name);
  for (char& letter : lower) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return lower;
}

}  // namespace

void EventInbox::drop_if_empty(Boxes::iterator box) {
  if (box->second.arrived.empty() && box->second.waiting.empty()) boxes_.erase(box);
}

Operation* EventInbox::take_waiter(std::string_view name) {
  const auto box = boxes_.find(folded(name));
  if (box == boxes_.end() || box->second.waiting.empty()) return nullptr;
  Operation* waiter = box->second.waiting.front();
  box->second.waiting.pop_front();
  drop_if_empty(box);
  return waiter;
}

void EventInbox::keep(ArrivedEvent event) {
  std::list<ArrivedEvent>& arrived = boxes_[folded(event.event.name)].arrived;
  // Nearly always the newest; only an event that is given back belongs further to the front.
  auto place = arrived.end();
  while (place != arrived.begin() && std::prev(place)->sequence > event.sequence) --place;
  arrived.insert(place, std::move(event));
}

std::optional<ArrivedEvent> EventInbox::take(std::string_view name) {
  const auto box = boxes_.find(folded(name));
  if (box == boxes_.end() || box->second.arrived.empty()) return std::nullopt;
  ArrivedEvent event = std::move(box->second.arrived.front());
  box->second.arrived.pop_front();
  drop_if_empty(box);
  return event;
}

void EventInbox::wait(std::string_view name, Operation& waiter) {
  boxes_[folded(name)].waiting.push_back(&waiter);
}

void EventInbox::forget(std::string_view name, const Operation& waiter) {
  const auto box = boxes_.find(folded(name));
  PERDURE_CHECK(box != boxes_.end(), "nobody waits for this event");
  const std::size_t removed =
      std::erase_if(box->second.waiting, [&](const Operation* other) { return other == &waiter; });
  PERDURE_CHECK(removed == 1, "the operation does not wait for this event");
  drop_if_empty(box);
}

std::vector<ArrivedEvent> EventInbox::take_all() {
  std::vector<ArrivedEvent> all;
  for (auto& [name, box] : boxes_) {
    std::ranges::move(box.arrived, std::back_inserter(all));
    box.arrived.clear();
  }
  return all;
}

}  // namespace perdure::internal
