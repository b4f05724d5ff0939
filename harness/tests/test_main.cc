// SPDX-License-Identifier: GPL-2.0
// main() of every test program. With PINRIG_REQUIRE_ALL=1 a test that is skipped fails: a machine that is
// there to run all of them must not become green by lacking something.
#include <gmock/gmock.h>

#include <cstdlib>
#include <string_view>

namespace {

class RequireAll : public testing::EmptyTestEventListener {
  // Called before the printer's, so that it prints FAILED and not SKIPPED, which ctest would take for a skip
  // whatever the exit code.
  void OnTestEnd(const testing::TestInfo& test) override {
    if (test.result()->Skipped())
      ADD_FAILURE() << "skipped, which PINRIG_REQUIRE_ALL=1 does not allow: " << reason_of(*test.result());
  }
  static const char* reason_of(const testing::TestResult& result) {
    for (int i = 0; i < result.total_part_count(); ++i) {
      if (result.GetTestPartResult(i).skipped()) return result.GetTestPartResult(i).message();
    }
    return "";
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  const char* wanted = std::getenv("PINRIG_REQUIRE_ALL");
  if (wanted != nullptr && std::string_view(wanted) == "1")
    testing::UnitTest::GetInstance()->listeners().Append(new RequireAll);
  return RUN_ALL_TESTS();
}
