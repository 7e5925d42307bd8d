// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What lies between clients and the node: it delays, loses, duplicates, and is cut at times. Owned
// by the simulation; the scene outlives it.
#pragma once

#include <utility>

#include "scene.h"

namespace perdure::sim {

class Network final {
 public:
  explicit Network(Scene& scene) : scene_(scene) {}

  void boot() { plan_cut(); }

  /// Carries something there, or back; perhaps never.
  void request(Agenda::Event arrival) {
    carry(scene_.faults.request_lost, Counted::kRequestLost, std::move(arrival));
  }
  void reply(Agenda::Event arrival) {
    carry(scene_.faults.reply_lost, Counted::kReplyLost, std::move(arrival));
  }

 private:
  void carry(std::uint32_t lost, Counted counted, Agenda::Event arrival) {
    const bool is_cut = !scene_.healed && scene_.agenda.now() < cut_until_;
    if (scene_.strikes(lost) || is_cut) {
      scene_.count(counted);
      return;
    }
    const base::Duration most = scene_.healed ? base::milliseconds(1) : scene_.faults.delay_max;
    scene_.agenda.after(scene_.some(most), std::move(arrival));
  }

  void plan_cut() {
    const base::Duration every = scene_.faults.partition_every;
    if (every.us == 0) return;
    scene_.agenda.after(scene_.some(base::microseconds(every.us * 2)), [this] {
      if (scene_.healed) return;
      scene_.count(Counted::kPartition);
      cut_until_ = scene_.agenda.now() + scene_.some(scene_.faults.partition_max);
      plan_cut();
    });
  }

  Scene& scene_;
  base::Timestamp cut_until_;
};

}  // namespace perdure::sim
