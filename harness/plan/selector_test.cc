// SPDX-License-Identifier: GPL-2.0
#include "plan/selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::plan {
namespace {

using Words = std::vector<std::string>;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<Choice> known{
    {"pins/selfcheck"}, {"bio/dio_rw"}, {"bio/dio_fork"}, {"mm/cow"}, {"mm/migration", true}};
const Origin option{{}, "--test"};
const Origin file{{"configs/runs/mine.yaml", 4, 9}, "suites"};

Words tests(const Words& words) {
  const auto r = select(words, option, known);
  EXPECT_FALSE(r.has_error()) << r.error().message;
  return r.has_error() ? Words{} : r->tests;
}

TEST(Select, OneMeaningForEveryForm) {
  const std::vector<std::pair<Words, Words>> table{
      {{"bio"}, {"bio/dio_rw", "bio/dio_fork"}},
      {{"b?o"}, {"bio/dio_rw", "bio/dio_fork"}},
      {{"bio/*"}, {"bio/dio_rw", "bio/dio_fork"}},
      {{"bio/dio_rw"}, {"bio/dio_rw"}},
      {{"*/dio_*"}, {"bio/dio_rw", "bio/dio_fork"}},
      {{"mm", "bio/dio_rw"}, {"mm/cow", "bio/dio_rw"}},
      {{"bio/dio_rw", "bio"}, {"bio/dio_rw", "bio/dio_fork"}},
      {{"*"}, {"pins/selfcheck", "bio/dio_rw", "bio/dio_fork", "mm/cow"}},
      {{"!bio", "*"}, {"pins/selfcheck", "mm/cow"}},
      {{"bio", "!bio/dio_f*"}, {"bio/dio_rw"}},
      {{"mm"}, {"mm/cow"}},
      {{"mm/*"}, {"mm/cow"}},
      {{"mm/migration"}, {"mm/migration"}},
      {{"mm/migration", "!mm/cow", "mm"}, {"mm/migration"}},
  };
  for (const auto& [words, wanted] : table) EXPECT_EQ(tests(words), wanted) << testing::PrintToString(words);
}

TEST(Select, ACaseRunsItsTestAndSaysSo) {
  const auto r = select({"bio/dio_rw:read_1_page"}, option, known);
  ASSERT_FALSE(r.has_error()) << r.error().message;
  EXPECT_THAT(r->tests, ElementsAre("bio/dio_rw"));
  EXPECT_THAT(
      r->notes,
      ElementsAre("--test bio/dio_rw:read_1_page: a single case cannot be run; all of bio/dio_rw runs"));
  EXPECT_THAT(select({"bio/dio_rw"}, option, known)->notes, IsEmpty());
}

TEST(Select, AnErrorNamesTheOptionTheWordAndTheNearest) {
  const std::vector<std::pair<Words, std::string>> table{
      {{"bio/dio_rv"}, "--test bio/dio_rv: no such test; did you mean 'bio/dio_rw'?"},
      {{"bio/dio_rv:read"}, "--test bio/dio_rv: no such test; did you mean 'bio/dio_rw'?"},
      {{"boi"}, "--test boi: no such suite; did you mean 'bio'?"},
      {{"cow"}, "--test cow: no such suite; did you mean 'mm/cow'?"},
      {{"qqqq/*"}, "--test 'qqqq/*': matches no test"},
      {{"mm/mig*"},
       "--test 'mm/mig*': matches only tests that take minutes, which run only when named in full"},
      {{"*:read"}, "--test '*:read': a single case cannot be selected"},
      {{"bio:read"}, "--test bio:read: a single case cannot be selected"},
      {{"*", "!bio/dio_rw:x"}, "--test '!bio/dio_rw:x': a single case cannot be excluded"},
      {{"!bio"}, "--test: no test selected"},
      {{"bio", "!bio"}, "--test: no test selected"},
      {{"*", "!boi"}, "--test boi: no such suite; did you mean 'bio'?"},
      {{}, "--test: no test selected"},
  };
  for (const auto& [words, wanted] : table) {
    const auto r = select(words, option, known);
    ASSERT_TRUE(r.has_error()) << wanted;
    EXPECT_EQ(r.error().kind, ErrorKind::bad_usage);
    EXPECT_EQ(r.error().message, wanted);
  }
}

TEST(Select, AWordOfAFileIsNamedWithItsOwnLine) {
  Origin list = file;
  list.words = {{"configs/runs/mine.yaml", 4, 11}, {"configs/runs/mine.yaml", 6, 3}};
  EXPECT_EQ(select({"bio", "boi"}, list, known).error().message,
            "configs/runs/mine.yaml:6:3: suites: 'boi': no such suite; did you mean 'bio'?");
}

TEST(Select, AFileIsNamedWithItsLine) {
  const auto r = select({"bio/dio_rv"}, file, known);
  ASSERT_TRUE(r.has_error());
  EXPECT_EQ(r.error().kind, ErrorKind::bad_input);
  EXPECT_EQ(r.error().message,
            "configs/runs/mine.yaml:4:9: suites: 'bio/dio_rv': no such test; did you mean 'bio/dio_rw'?");
  EXPECT_EQ(select({}, file, known).error().message, "configs/runs/mine.yaml:4:9: suites: no test selected");
  EXPECT_THAT(select({"bio"}, file, {}).error().message, HasSubstr("there are no tests"));
}

}  // namespace
}  // namespace pinrig::plan
