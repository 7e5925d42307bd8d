// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See verify.h.
#include "verify.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <vector>

#include "exit_status.h"
#include "json.h"
#include "text.h"
#include "verify/history_text.h"
#include "verify/report.h"

namespace perdure::cli {
namespace {

constexpr std::size_t kPieceBytes = 65'536;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Error unreadable(const std::string& name) {
  return {ErrorCode::kNotFound,
          fmt::format("{} can not be read: {}", name, std::generic_category().message(errno))};
}

/// An error of the checkers is one of the input: there is nothing else that they depend on.
Error about(const std::string& name, const base::Error& error) {
  return {ErrorCode::kInvalidArgument, fmt::format("{}: {}", name, error.message)};
}

Result<std::vector<verify::Operation>> read_history(std::FILE* file, const std::string& name) {
  verify::HistoryReader reader;
  std::array<char, kPieceBytes> piece = {};
  while (std::feof(file) == 0 && std::ferror(file) == 0) {
    const std::size_t count = std::fread(piece.data(), 1, piece.size(), file);
    if (const auto added = reader.add({piece.data(), count}); !added) {
      return about(name, added.error());
    }
  }
  if (std::ferror(file) != 0) return unreadable(name);
  auto history = reader.finish();
  if (!history) return about(name, history.error());
  return *std::move(history);
}

Result<std::vector<verify::Operation>> read_history(const std::string& path) {
  if (path == "-") return read_history(stdin, "the standard input");
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  return file ? read_history(file.get(), path) : unreadable(path);
}

std::string finding_json(const verify::Finding& finding) {
  JsonArray lines;
  for (const std::size_t index : finding.operations) lines.add(std::to_string(index + 1));
  JsonArray story;
  for (const std::string& line : finding.story) story.add(json_text(line));
  return JsonObject()
      .text("key", finding.key)
      .text("what", finding.what)
      .raw("lines", lines.finish())
      .raw("story", story.finish())
      .finish();
}

std::string report_json(const verify::Report& report) {
  JsonArray findings;
  for (const verify::Finding& finding : report.findings) findings.add(finding_json(finding));
  JsonArray undecided;
  for (const verify::Finding& finding : report.undecided) undecided.add(finding_json(finding));
  return JsonObject()
      .text("model", report.checker)
      .text("verdict", verify::verdict_name(report.verdict))
      .number("operations", report.operations)
      .number("keys", report.keys)
      .raw("findings", findings.finish())
      .number("findings_left_out", report.findings_left_out)
      .raw("undecided", undecided.finish())
      .finish();
}

/// Line by line: what a history holds must not steer a terminal.
void print_for_people(const verify::Report& report) {
  const std::string text = describe(report);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    fmt::print("{}\n", printable(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
}

}  // namespace

Result<int> verify_history(Output output, const VerifyArguments& arguments) {
  const auto history = read_history(arguments.file);
  if (!history) return history.error();
  std::optional<verify::Model> model = arguments.model;
  if (!model) {
    const auto inferred = verify::infer_model(*history);
    if (!inferred) {
      return Error(ErrorCode::kInvalidArgument, inferred.error().message + ", with --model");
    }
    model = *inferred;
  }
  const auto report = verify::check(*history, *model);
  if (!report) return about(arguments.file, report.error());
  if (output.form == Form::kJson) {
    fmt::print("{}\n", report_json(*report));
  } else {
    print_for_people(*report);
  }
  return report->verdict == verify::Verdict::kHolds ? kExitOk : kExitFailed;
}

}  // namespace perdure::cli
