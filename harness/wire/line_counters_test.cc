// SPDX-License-Identifier: GPL-2.0
#include "wire/line_counters.h"

#include <gtest/gtest.h>

namespace pinrig::wire {
namespace {

constexpr std::size_t limit = 1000;

TEST(LineCounters, bytes_come_back) {
  using namespace std::string_literals;
  for (const auto& bytes : {""s, "adcg"s, "\0"s, "\0\0"s, std::string(999, '\0'), "a\0\0\0\0b\xff\0"s})
    EXPECT_EQ(unpack(pack(bytes), limit), bytes);
  EXPECT_EQ(pack("a\0\0\0\0b"s), "61z4.62");
}

TEST(LineCounters, what_a_guest_makes_up_is_refused) {
  for (const char* text : {"6", "zz", "z", "z4", "z.", "z-1.", "6G", "z1001.", "z99999999999999999999."})
    EXPECT_EQ(unpack(text, limit), std::nullopt) << text;
  EXPECT_EQ(unpack("6161", 1), std::nullopt);
}

}  // namespace
}  // namespace pinrig::wire
