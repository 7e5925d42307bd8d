// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/testing/histories.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "verify/testing/objects.h"

namespace perdure::verify::testing {
namespace {

/// Gives every event a time of its own, and lets clients move at random.
class Recorder {
 public:
  Recorder(std::uint64_t seed, Shape shape, Object& object)
      : prng_(seed), shape_(shape), object_(object), clients_(shape.processes) {
    for (std::size_t i = 0; i < clients_.size(); ++i) clients_[i].process = i;
    next_process_ = clients_.size();
  }

  std::vector<Operation> run() {
    while (asked_ < shape_.operations || std::ranges::any_of(clients_, &Client::is_busy)) {
      now_ += 1 + static_cast<std::int64_t>(prng_.below(1'000));
      if (!late_.empty() && prng_.chance(5)) do_late();
      move(clients_[prng_.below(clients_.size())]);
    }
    while (!late_.empty()) do_late();
    for (Operation& operation : object_.ask_at_last()) {
      operation.call_ns = ++now_;
      PERDURE_CHECK(object_.answer(prng_, operation), "the last question waits for something");
      operation.return_ns = ++now_;
      history_.push_back(std::move(operation));
    }
    std::ranges::sort(history_, {}, &Operation::call_ns);
    return std::move(history_);
  }

 private:
  static constexpr int kPatience = 30;  // moves that a client waits for an answer

  struct Client {
    std::uint64_t process = 0;
    std::optional<Operation> asked;
    bool is_answered = false;
    int waited = 0;

    [[nodiscard]] bool is_busy() const { return asked.has_value(); }
  };

  void move(Client& client) {
    if (!client.asked) {
      if (asked_ == shape_.operations) return;
      ++asked_;
      client.asked = object_.ask(prng_, client.process);
      client.asked->process = client.process;
      client.asked->call_ns = now_;
      client.is_answered = false;
      client.waited = 0;
    } else if (prng_.chance(shape_.unknown_percent) || client.waited > kPatience) {
      give_up(client);
    } else if (!client.is_answered) {
      client.is_answered = object_.answer(prng_, *client.asked);
      ++client.waited;
    } else {
      client.asked->return_ns = now_;
      history_.push_back(*std::exchange(client.asked, std::nullopt));
    }
  }

  /// The client goes on under another name, as one does that does not know how its last call ended.
  void give_up(Client& client) {
    Operation operation = *std::exchange(client.asked, std::nullopt);
    if (!client.is_answered && prng_.chance(50)) late_.push_back(operation);
    operation.status = Status::kUnknown;
    operation.result = {};
    operation.return_ns = operation.call_ns;
    history_.push_back(std::move(operation));
    client.process = next_process_++;
  }

  void do_late() {
    Operation operation = std::move(late_.front());
    late_.erase(late_.begin());
    object_.answer(prng_, operation);
  }

  base::Prng prng_;
  Shape shape_;
  Object& object_;
  std::vector<Client> clients_;
  std::vector<Operation> late_;  // given up, and not done yet
  std::vector<Operation> history_;
  std::size_t asked_ = 0;
  std::uint64_t next_process_ = 0;
  std::int64_t now_ = 0;
};

/// A random operation that fits; nullptr if there is none.
template <class Fits>
Operation* pick(base::Prng& prng, std::vector<Operation>& history, const Fits& fits) {
  std::vector<Operation*> fitting;
  for (Operation& operation : history) {
    if (fits(operation)) fitting.push_back(&operation);
  }
  return fitting.empty() ? nullptr : fitting[prng.below(fitting.size())];
}

bool is_answered(const Operation& operation, std::string_view op) {
  return operation.status == Status::kOk && operation.op == op;
}

bool spoil_register(base::Prng& prng, std::vector<Operation>& history) {
  const auto is_read = [](const Operation& one) { return is_answered(one, "read"); };
  const auto is_write = [](const Operation& one) { return is_answered(one, "write"); };
  Operation* read = pick(prng, history, is_read);
  const Operation* write = pick(prng, history, is_write);
  if (read == nullptr || write == nullptr || read->result == write->value) return false;
  read->result = write->value;
  return true;
}

/// An instance shows the identity of another start, or a status it can not have.
bool spoil_instance(base::Prng& prng, std::vector<Operation>& history) {
  const auto shows = [](const Operation& one) {
    return is_answered(one, "get") || is_answered(one, "wait");
  };
  Operation* shown = pick(prng, history, shows);
  const Operation* start =
      pick(prng, history, [](const Operation& one) { return one.op == "start"; });
  if (shown == nullptr || start == nullptr) return false;
  const Value& identity = (*start->value.list())[1];
  if ((*shown->result.list())[1] == identity) return false;
  shown->result = Value::list({(*shown->result.list())[0], identity});
  return true;
}

/// A list that an answer holds: leaves one out, repeats one, makes one up or swaps two.
bool spoil_list(base::Prng& prng, Value& list) {
  Value::List values = *list.list();
  if (values.empty()) return false;
  const std::size_t at = prng.below(values.size());
  switch (prng.below(4)) {
    case 0: values.erase(values.begin() + static_cast<std::ptrdiff_t>(at)); break;
    case 1: values.push_back(values[at]); break;
    case 2: values[at] = Value(std::int64_t{1'000'000'000}); break;
    default: {
      const std::size_t other = prng.below(values.size());
      if (at == other) return false;
      std::swap(values[at], values[other]);
    }
  }
  list = Value(std::move(values));
  return true;
}

bool spoil_sequence(base::Prng& prng, std::vector<Operation>& history) {
  Operation* receive =
      pick(prng, history, [](const Operation& one) { return is_answered(one, "receive"); });
  if (receive == nullptr || receive->result.list()->empty()) return false;
  return spoil_list(prng, receive->result);
}

bool spoil_set(base::Prng& prng, std::vector<Operation>& history) {
  Value::List values = *history.back().result.list();
  if (values.empty()) return false;
  const std::size_t at = prng.below(values.size());
  if (prng.chance(50)) {
    values.erase(values.begin() + static_cast<std::ptrdiff_t>(at));
  } else {
    values[at] = Value(std::int64_t{1'000'000'000});
  }
  history.back().result = Value(std::move(values));
  return true;
}

bool spoil_transaction(base::Prng& prng, std::vector<Operation>& history) {
  Operation* transaction =
      pick(prng, history, [](const Operation& one) { return is_answered(one, "transaction"); });
  if (transaction == nullptr) return false;
  Value::List answers = *transaction->result.list();
  Value& answer = answers[prng.below(answers.size())];
  if (answer.list() == nullptr || !spoil_list(prng, answer)) return false;
  transaction->result = Value(std::move(answers));
  return true;
}

}  // namespace

std::vector<Operation> record(std::uint64_t seed, Shape shape, Object& object) {
  return Recorder(seed, shape, object).run();
}

std::vector<Operation> correct_history(std::uint64_t seed, Shape shape, Model model) {
  return record(seed, shape, *make_object(model));
}

bool spoil(std::uint64_t seed, Model model, std::vector<Operation>& history) {
  base::Prng prng(seed);
  switch (model) {
    case Model::kRegister: return spoil_register(prng, history);
    case Model::kInstance: return spoil_instance(prng, history);
    case Model::kSequence: return spoil_sequence(prng, history);
    case Model::kSet: return spoil_set(prng, history);
    case Model::kTransactions: return spoil_transaction(prng, history);
  }
  PERDURE_CHECK(false, "a model that nobody spoils");
}

}  // namespace perdure::verify::testing
