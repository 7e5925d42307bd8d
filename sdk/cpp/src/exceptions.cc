// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "exceptions.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>
#include <utility>

#include "model/limits.h"

namespace perdure::internal {
namespace {

std::string readable(const std::type_info& type) {
  struct Free {
    void operator()(char* text) const { std::free(text); }
  };
  int status = 0;
  const std::unique_ptr<char, Free> text(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status));
  return status == 0 && text ? std::string(text.get()) : std::string(type.name());
}

FailureDetails details_of(const std::exception_ptr& thrown, int depth_left);

FailureDetails details_of_exception(const std::exception& error, int depth_left) {
  FailureDetails details;
  if (const auto* failure = dynamic_cast<const Failure*>(&error)) {
    details = failure->details();
  } else {
    details.type = readable(typeid(error));
    details.message = error.what();
  }
  if (const auto* failed = dynamic_cast<const TaskFailed*>(&error)) {
    details.retriable = failed->details().retriable;
    details.inner.push_back(failed->details());
  }
  const auto* nested = dynamic_cast<const std::nested_exception*>(&error);
  if (nested != nullptr && nested->nested_ptr() && details.inner.empty() && depth_left > 0) {
    details.inner.push_back(details_of(nested->nested_ptr(), depth_left - 1));
  }
  return details;
}

FailureDetails details_of(const std::exception_ptr& thrown, int depth_left) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    return details_of_exception(error, depth_left);
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    FailureDetails details;
    details.type = type != nullptr ? readable(*type) : "unknown";
    details.message = "an exception that is no std::exception";
    return details;
  }
}

}  // namespace

FailureDetails details_of(const std::exception_ptr& thrown) {
  return details_of(thrown, model::kFailureDepthMax);
}

model::Failure to_model(FailureDetails details) {
  model::Failure failure{.type = std::move(details.type),
                         .message = std::move(details.message),
                         .stack = std::move(details.stack),
                         .retriable = details.retriable,
                         .inner = {}};
  for (FailureDetails& inner : details.inner) failure.inner.push_back(to_model(std::move(inner)));
  return failure;
}

FailureDetails from_model(model::Failure failure) {
  FailureDetails details;
  details.type = std::move(failure.type);
  details.message = std::move(failure.message);
  details.stack = std::move(failure.stack);
  details.retriable = failure.retriable;
  for (model::Failure& inner : failure.inner) {
    details.inner.push_back(from_model(std::move(inner)));
  }
  return details;
}

}  // namespace perdure::internal
