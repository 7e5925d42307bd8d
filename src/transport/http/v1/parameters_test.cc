// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/v1/parameters.h"

#include <gtest/gtest.h>

#include "model/limits.h"

namespace perdure::transport::http::v1 {
namespace {

using model::Status;

Query query_of(std::string_view text) {
  return parse_target(std::string("/?").append(text)).value().query;
}

TEST(Parameters, AreReadByName) {
  const Query query = query_of(
      "status=RUNNING,failed&status=Pending&tag=a=b=c&tag=d=&limit=7&continuation=x&flag=true"
      "&at=2026-01-31&span=1.5&word=two&hub=h");
  Parameters parameters(query);
  EXPECT_EQ(parameters.statuses("status").value(),
            model::kNoStatus.with(Status::kRunning).with(Status::kFailed).with(Status::kPending));
  EXPECT_EQ(parameters.tags("tag").value(), (model::Tags{{"a", "b=c"}, {"d", ""}}));
  const auto page = parameters.page().value();
  EXPECT_EQ(page.count_max, 7U);
  EXPECT_EQ(page.continuation, "x");
  EXPECT_TRUE(parameters.flag("flag").value());
  EXPECT_TRUE(parameters.moment("at").value().has_value());
  EXPECT_EQ(parameters.seconds("span", base::seconds(2)).value(), base::milliseconds(1500));
  EXPECT_EQ(parameters.word("word", {"one", "two"}).value(), "two");
  EXPECT_TRUE(parameters.finish()) << "hub is always known";
}

TEST(Parameters, HaveDefaults) {
  const Query query;
  Parameters parameters(query);
  EXPECT_EQ(parameters.statuses("status").value(), model::kEveryStatus);
  EXPECT_EQ(parameters.page()->count_max, 100U);
  EXPECT_FALSE(parameters.flag("flag").value());
  EXPECT_EQ(parameters.word("word", {"one", "two"}).value(), "one");
  EXPECT_EQ(parameters.moment("at").value(), std::nullopt);
}

TEST(Parameters, NameWhatIsWrong) {
  const Query query =
      query_of("status=Purged&tag=x&limit=0&flag=yes&at=soon&span=3&word=three&number=11");
  Parameters parameters(query);
  EXPECT_FALSE(parameters.statuses("status"));
  EXPECT_EQ(parameters.tags("tag").error().message, "\"tag\" must be \"key=value\"");
  EXPECT_EQ(parameters.page().error().message, "\"limit\" must be at least 1");
  EXPECT_EQ(parameters.flag("flag").error().message, "\"flag\" must be true or false");
  EXPECT_FALSE(parameters.moment("at"));
  EXPECT_EQ(parameters.seconds("span", base::seconds(2)).error().message,
            "\"span\" must be a number of seconds up to 2");
  EXPECT_EQ(parameters.word("word", {"one", "two"}).error().message, "\"word\" must be one or two");
  EXPECT_EQ(parameters.number("number", 10).error().message,
            "\"number\" must be a number up to 10");
}

TEST(Parameters, RefuseWhatNobodyAskedFor) {
  const Query query = query_of("staus=FAILED");
  Parameters parameters(query);
  ASSERT_TRUE(parameters.statuses("status"));
  EXPECT_EQ(parameters.finish().error().message, "there is no parameter \"staus\" here");
}

}  // namespace
}  // namespace perdure::transport::http::v1
