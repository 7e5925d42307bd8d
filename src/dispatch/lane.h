// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The items of one kind (turns, batches of entities, or activities) that wait for a worker or are
// leased to one. Each item is one entry, found by its token; an entry waits in exactly one list or
// is leased:
//
//   by name     first come, first served among the names and versions a worker takes, in its hub
//   own         a turn waits for the worker that ran the instance's previous turn
//   suspects    what has been handed out kSuspectAttempt times to workers that died. One of them is
//               out at a time, so that the next death is counted against it and not against others
//
// Owned by the dispatcher, under its mutex; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/strong.h"
#include "model/work_item.h"

namespace perdure::dispatch {

using WorkerId = base::Strong<struct WorkerIdTag, std::uint64_t>;
/// Names, each with the versions of it that are meant (none: any). Absent: every name.
using Versions = std::set<std::string, std::less<>>;
using Names = std::optional<std::map<std::string, Versions, std::less<>>>;

/// What the platform itself runs: only workers that name it take it, or that say so.
inline constexpr std::string_view kReservedPrefix = "perdure.";
enum class Reserved : std::uint8_t { kLeave, kTake };

inline bool includes(const Names& names, Reserved reserved, std::string_view name,
                     std::string_view version) {
  if (!names) return reserved == Reserved::kTake || !name.starts_with(kReservedPrefix);
  const auto found = names->find(name);
  return found != names->end() && (found->second.empty() || found->second.contains(version));
}

inline constexpr model::Attempt kSuspectAttempt = 4;
/// Suspects looked at for one that a worker takes.
inline constexpr std::size_t kSuspectLooksMax = 64;

inline std::size_t hash_of(const model::TurnToken& token) {
  return model::InstanceKeyHash{}(token.key) ^ (token.execution.value * 31) ^
         (token.past_events << 20) ^ token.attempt;
}
inline std::size_t hash_of(const model::ActivityToken& token) {
  return model::InstanceKeyHash{}(token.key) ^ (token.execution.value * 31) ^
         (static_cast<std::size_t>(token.task.value) << 20) ^ token.attempt;
}

template <class Item>
class Lane final {
 public:
  using Token = decltype(Item::token);
  struct List;

  struct Entry {
    Item item;  // moved out when leased
    std::int64_t order = 0;
    std::size_t bytes = 0;
    List* list = nullptr;  // nullptr: leased
    Entry* before = nullptr;
    Entry* after = nullptr;
    WorkerId worker;  // the holder
    bool suspect = false;
    bool withdrawn = false;
  };

  /// In the order of `order`; entries are linked through themselves.
  struct List {
    Entry* first = nullptr;
    Entry* last = nullptr;
    std::size_t size = 0;
    std::map<std::int64_t, List*>* heads = nullptr;  // of a list by name: where its head is
  };
  /// What waits in one task hub. Never an empty one.
  struct Hub {
    std::map<std::string, std::map<std::string, List, std::less<>>, std::less<>> lists;
    // The lists, by the order of their first entry.
    std::map<std::int64_t, List*> heads;
    std::map<std::int64_t, List*> reserved_heads;
  };

  /// One worker's part in this lane. Outlives its time in `shares`.
  struct Share {
    WorkerId worker;
    std::size_t items_max = 0;
    std::size_t held = 0;
    std::size_t preparing = 0;
    std::optional<std::string> hub;  // absent: every one
    Names names;
    Reserved reserved = Reserved::kLeave;
    List own;

    [[nodiscard]] bool accepts(const Item& item) const {
      return (!hub || *hub == item.token.key.hub) &&
             includes(names, reserved, item.name, item.version);
    }
    [[nodiscard]] bool has_room() const { return held + preparing < items_max; }
    /// What waits for this worker alone counts as held, so that it never waits for long.
    [[nodiscard]] bool has_room_for_own() const { return held + preparing + own.size < items_max; }
  };

  void attach(Share& share) { shares_.push_back(&share); }

  /// Answers the tokens the worker held and is not told to drop; its own list goes to the others.
  std::vector<Token> detach(Share& share) {
    std::erase(shares_, &share);
    while (Entry* entry = share.own.first) {
      unlink(*entry);
      link(list_for(entry->item), *entry);
    }
    std::vector<Token> held;
    for (auto at = entries_.begin(); at != entries_.end();) {
      const Entry& entry = at->second;
      if (entry.list != nullptr || entry.worker != share.worker) {
        ++at;
        continue;
      }
      if (entry.suspect) --suspects_out_;
      --leased_;
      if (!entry.withdrawn) held.push_back(at->first);
      at = entries_.erase(at);
    }
    for (auto& [token, preparation] : preparing_) {
      if (preparation.share == &share) preparation.share = nullptr;
    }
    return held;
  }

  /// False: the token waits or is leased already; then nothing changes. `own_of`: who should have
  /// it; may be null.
  bool offer(Item&& item, std::int64_t order, std::size_t bytes, Share* own_of) {
    const auto [at, added] = entries_.try_emplace(item.token);
    if (!added) return false;
    Entry& entry = at->second;
    const model::Attempt next = item.token.attempt + (item.uncounted_redelivery ? 1 : 0);
    entry.suspect = next >= kSuspectAttempt;
    entry.order = order;
    entry.bytes = bytes;
    entry.item = std::move(item);
    bytes_ += bytes;
    ++waiting_;
    if (entry.suspect) {
      link(suspects_, entry);
    } else if (own_of != nullptr) {
      link(own_of->own, entry);
    } else {
      link(list_for(entry.item), entry);
    }
    return true;
  }

  enum class Others : std::uint8_t { kRespect, kRob };

  /// What the worker should run next; nullptr: nothing, or no room for it. `others`: what to do
  /// with what waits for another worker.
  Entry* next(Share& share, Others others) {
    if (waiting_ == 0 || !share.has_room()) return nullptr;
    if (Entry* suspect = next_suspect(share)) return suspect;
    if (share.own.first != nullptr) return share.own.first;
    if (Entry* found = next_by_name(share)) return found;
    return others == Others::kRob ? next_of_others(share) : nullptr;
  }

  /// The item, leased to the worker from here on. REQUIRES: it waits.
  Item lease(Entry& entry, Share& share) {
    leave_queue(entry);
    entry.worker = share.worker;
    ++share.held;
    ++leased_;
    if (entry.suspect) ++suspects_out_;
    return std::move(entry.item);
  }

  /// Forgets a redelivery that has to be counted first, and keeps the worker's place for it until
  /// `prepared`. REQUIRES: it waits.
  Token prepare(Entry& entry, Share& share) {
    leave_queue(entry);
    ++share.preparing;
    if (entry.suspect) ++suspects_out_;
    Token token = entry.item.token;
    prepared(token);
    preparing_.insert_or_assign(token, Preparation{&share, entry.suspect});
    entries_.erase(token);
    return token;
  }

  void prepared(const Token& token) {
    const auto found = preparing_.find(token);
    if (found == preparing_.end()) return;
    if (found->second.share != nullptr) --found->second.share->preparing;
    if (found->second.suspect) --suspects_out_;
    preparing_.erase(found);
  }

  enum class Held : std::uint8_t { kNo, kWithdrawn, kYes };

  /// Ends the lease, if the worker has it.
  Held finish(const Token& token, Share& share) {
    const auto found = entries_.find(token);
    if (found == entries_.end()) return Held::kNo;
    const Entry& entry = found->second;
    if (entry.list != nullptr || entry.worker != share.worker) return Held::kNo;
    const Held held = entry.withdrawn ? Held::kWithdrawn : Held::kYes;
    --share.held;
    --leased_;
    if (entry.suspect) --suspects_out_;
    entries_.erase(found);
    return held;
  }

  /// Drops a waiting item. The holder of a leased one, who should be told; nothing otherwise.
  std::optional<WorkerId> withdraw(const Token& token) {
    const auto found = entries_.find(token);
    if (found == entries_.end()) return std::nullopt;
    Entry& entry = found->second;
    if (entry.list == nullptr) {
      if (std::exchange(entry.withdrawn, true)) return std::nullopt;
      return entry.worker;
    }
    leave_queue(entry);
    entries_.erase(found);
    return std::nullopt;
  }

  /// Of a leased item that is not withdrawn; nothing: there is none.
  [[nodiscard]] std::optional<WorkerId> holder(const Token& token) const {
    const auto found = entries_.find(token);
    const bool leased =
        found != entries_.end() && found->second.list == nullptr && !found->second.withdrawn;
    return leased ? std::optional(found->second.worker) : std::nullopt;
  }

  [[nodiscard]] bool is_withdrawn(const Token& token) const {
    const auto found = entries_.find(token);
    return found == entries_.end() || found->second.withdrawn;
  }

  /// It waits, is leased, or is being counted.
  [[nodiscard]] bool knows(const Token& token) const {
    return entries_.contains(token) || preparing_.contains(token);
  }

  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  [[nodiscard]] std::size_t leased() const { return leased_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Preparation {
    Share* share = nullptr;  // nullptr: the worker is gone
    bool suspect = false;
  };
  struct TokenHash {
    std::size_t operator()(const Token& token) const noexcept { return hash_of(token); }
  };

  List& list_for(const Item& item) {
    Hub& hub = hubs_[item.token.key.hub];
    List& list = hub.lists[item.name][item.version];
    list.heads = item.name.starts_with(kReservedPrefix) ? &hub.reserved_heads : &hub.heads;
    return list;
  }

  /// The last entry of a list by name has left it.
  void drop_list(const Item& item) {
    const auto hub = hubs_.find(item.token.key.hub);
    const auto versions = hub->second.lists.find(item.name);
    versions->second.erase(item.version);
    if (versions->second.empty()) hub->second.lists.erase(versions);
    if (hub->second.lists.empty()) hubs_.erase(hub);
  }

  /// Keeps the list ordered. Almost always at one of the ends.
  void link(List& list, Entry& entry) {
    const bool goes_first = list.first == nullptr || entry.order < list.first->order;
    Entry* before = goes_first ? nullptr : list.last;
    while (before != nullptr && before->order > entry.order) before = before->before;
    Entry* after = before == nullptr ? list.first : before->after;
    if (list.heads != nullptr && before == nullptr) {
      if (after != nullptr) list.heads->erase(after->order);
      list.heads->emplace(entry.order, &list);
    }
    entry.list = &list;
    entry.before = before;
    entry.after = after;
    (before == nullptr ? list.first : before->after) = &entry;
    (after == nullptr ? list.last : after->before) = &entry;
    ++list.size;
  }

  void unlink(Entry& entry) {
    List& list = *entry.list;
    --list.size;
    const bool was_first = entry.before == nullptr;
    (entry.before == nullptr ? list.first : entry.before->after) = entry.after;
    (entry.after == nullptr ? list.last : entry.after->before) = entry.before;
    entry.list = nullptr;
    entry.before = entry.after = nullptr;
    if (list.heads == nullptr || !was_first) return;
    auto head = list.heads->extract(entry.order);
    if (list.first == nullptr) return drop_list(entry.item);
    head.key() = list.first->order;
    list.heads->insert(std::move(head));
  }

  void leave_queue(Entry& entry) {
    PERDURE_CHECK(entry.list != nullptr, "an item that does not wait leaves its queue");
    unlink(entry);
    --waiting_;
    bytes_ -= entry.bytes;
  }

  Entry* next_suspect(const Share& share) {
    if (suspects_out_ > 0) return nullptr;
    std::size_t looks = 0;
    for (Entry* entry = suspects_.first; entry != nullptr && looks < kSuspectLooksMax;
         entry = entry->after, ++looks) {
      if (share.accepts(entry->item)) return entry;
    }
    return nullptr;
  }

  Entry* next_by_name(const Share& share) {
    if (share.hub) {
      const auto hub = hubs_.find(*share.hub);
      return hub == hubs_.end() ? nullptr : next_in(hub->second, share);
    }
    Entry* oldest = nullptr;
    for (auto& [name, hub] : hubs_) oldest = older(oldest, next_in(hub, share));
    return oldest;
  }

  static Entry* first_of(const std::map<std::int64_t, List*>& heads) {
    return heads.empty() ? nullptr : heads.begin()->second->first;
  }

  static Entry* next_in(Hub& hub, const Share& share) {
    if (!share.names) {
      Entry* first = first_of(hub.heads);
      if (share.reserved == Reserved::kLeave) return first;
      return older(first, first_of(hub.reserved_heads));
    }
    Entry* oldest = nullptr;
    for (const auto& [name, versions] : *share.names) {
      const auto found = hub.lists.find(name);
      if (found == hub.lists.end()) continue;
      for (auto& [version, list] : found->second) {
        if (versions.empty() || versions.contains(version)) oldest = older(oldest, list.first);
      }
    }
    return oldest;
  }

  static Entry* older(Entry* a, Entry* b) {
    if (a == nullptr || b == nullptr) return a == nullptr ? b : a;
    return b->order < a->order ? b : a;
  }

  Entry* next_of_others(const Share& share) {
    for (const Share* other : shares_) {
      Entry* first = other->own.first;
      if (other != &share && first != nullptr && share.accepts(first->item)) return first;
    }
    return nullptr;
  }

  std::unordered_map<Token, Entry, TokenHash> entries_;
  std::unordered_map<Token, Preparation, TokenHash> preparing_;
  std::map<std::string, Hub, std::less<>> hubs_;
  List suspects_;
  std::size_t suspects_out_ = 0;
  std::vector<Share*> shares_;
  std::size_t waiting_ = 0;
  std::size_t leased_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace perdure::dispatch
