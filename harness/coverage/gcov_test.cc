// SPDX-License-Identifier: GPL-2.0
#include "coverage/gcov.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinrig::coverage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

// As gcov 12 prints it, shortened: a static function that was inlined has lines without a function, a line
// can be in two functions, and the kernel's headers are named the way that the compiler was told.
constexpr const char* bio = R"({"gcc_version": "12.2.0", "files": [
  {"file": "../../worktrees/debian-6.12/block/bio.c", "functions": [], "lines": [
    {"branches": [], "count": 0, "line_number": 1216, "unexecuted_block": true},
    {"branches": [], "count": 12, "line_number": 1228, "unexecuted_block": false, "function_name": "a"},
    {"branches": [], "count": 0, "line_number": 1230, "unexecuted_block": true, "function_name": "a"},
    {"branches": [], "count": 3, "line_number": 1230, "unexecuted_block": false, "function_name": "b"},
    {"branches": [], "count": 0, "line_number": 0, "unexecuted_block": true}]},
  {"file": "../../worktrees/debian-6.12/include/linux/bio.h", "functions": [], "lines": [
    {"branches": [], "count": 5, "line_number": 77, "unexecuted_block": false}]},
  {"file": "./include/generated/bounds.h", "functions": [], "lines": [
    {"branches": [], "count": 5, "line_number": 1, "unexecuted_block": false}]}],
  "format_version": "1", "current_working_directory": "/cache/build/x", "data_file": "block/bio.gcda"})";

TEST(Gcov, lines_of_the_source_and_of_headers_that_it_includes) {
  const auto m = parse_gcov(bio, "block/bio");
  ASSERT_TRUE(m.has_value()) << m.error().message;
  EXPECT_THAT(m->code, ElementsAre(Pair("block/bio.c", ElementsAre(1216, 1228, 1230)),
                                   Pair("include/linux/bio.h", ElementsAre(77))));
  EXPECT_THAT(m->ran, ElementsAre(Pair("block/bio.c", ElementsAre(1228, 1230)),
                                  Pair("include/linux/bio.h", ElementsAre(77))));
}

TEST(Gcov, names_of_a_build_without_ccache_are_absolute) {
  const auto m = parse_gcov(
      R"({"files": [{"file": "/src/mm/gup.c", "lines": [{"count": 1, "line_number": 9}]},
                    {"file": "include/generated/x.h", "lines": [{"count": 1, "line_number": 2}]}]})",
      "mm/gup");
  ASSERT_TRUE(m.has_value()) << m.error().message;
  EXPECT_THAT(m->ran, ElementsAre(Pair("mm/gup.c", ElementsAre(9))));
}

TEST(Gcov, an_object_without_code_has_no_lines) {
  const auto m = parse_gcov(R"({"files": []})", "mm/init");
  ASSERT_TRUE(m.has_value());
  EXPECT_THAT(m->code, IsEmpty());
}

TEST(Gcov, text_about_another_object_or_no_json_is_an_error) {
  const auto other = parse_gcov(bio, "mm/gup");
  ASSERT_TRUE(other.has_error());
  EXPECT_THAT(other.error().message, HasSubstr("mm/gup.c is not among its files"));
  EXPECT_TRUE(parse_gcov("", "mm/gup").has_error());
  EXPECT_TRUE(parse_gcov(R"({"files": 3})", "mm/gup").has_error());
  EXPECT_TRUE(
      parse_gcov(R"({"files": [{"file": "mm/gup.c", "lines": [{"count": "x"}]}]})", "mm/gup").has_error());
}

TEST(Gcov, a_message_about_the_files_of_the_object_is_an_error) {
  const auto stamp = check_messages("block/bio.gcda:stamp mismatch with notes file\n", "block/bio");
  ASSERT_TRUE(stamp.has_error());
  EXPECT_EQ(stamp.error().kind, ErrorKind::infra);
  EXPECT_THAT(stamp.error().message, HasSubstr("block/bio: block/bio.gcda:stamp mismatch with notes file"));
  EXPECT_TRUE(check_messages("x\nmm/gup.gcno:version 'B33*', prefer 'B22*'\n", "mm/gup").has_error());
  EXPECT_TRUE(check_messages("", "mm/gup").has_value());
  EXPECT_TRUE(check_messages("mm/gup.gcda:corrupted\n", "gup").has_value());
}

TEST(Gcov, counts_of_several_objects_add_up) {
  Measured m{{{"a.h", {1, 2}}}, {{"a.h", {1}}}};
  m.add({{{"a.h", {2, 3}}}, {{"a.h", {2}}}});
  EXPECT_THAT(m.code, ElementsAre(Pair("a.h", ElementsAre(1, 2, 3))));
  EXPECT_THAT(m.ran, ElementsAre(Pair("a.h", ElementsAre(1, 2))));
}

}  // namespace
}  // namespace pinrig::coverage
