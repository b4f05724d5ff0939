// SPDX-License-Identifier: GPL-2.0
#include "bisect/observation.h"

#include <array>

namespace pinrig::bisect {
namespace {

constexpr std::array all_seen{Seen::red, Seen::clean, Seen::other, Seen::skip, Seen::infra};
constexpr std::array all_purposes{Purpose::known,  Purpose::calibrate, Purpose::clean_end, Purpose::search,
                                  Purpose::verify, Purpose::revert,    Purpose::ends};

}  // namespace

const char* to_string(Seen seen) {
  switch (seen) {
    case Seen::red:
      return "red";
    case Seen::clean:
      return "clean";
    case Seen::other:
      return "other";
    case Seen::skip:
      return "skip";
    case Seen::infra:
      return "infra";
  }
  return "?";
}

std::optional<Seen> seen_from_string(const std::string& word) {
  for (const auto s : all_seen) {
    if (word == to_string(s)) return s;
  }
  return std::nullopt;
}

const char* to_string(Purpose purpose) {
  switch (purpose) {
    case Purpose::known:
      return "known";
    case Purpose::calibrate:
      return "calibrate";
    case Purpose::clean_end:
      return "clean-end";
    case Purpose::search:
      return "search";
    case Purpose::verify:
      return "verify";
    case Purpose::revert:
      return "revert";
    case Purpose::ends:
      return "ends";
  }
  return "?";
}

std::optional<Purpose> purpose_from_string(const std::string& word) {
  for (const auto p : all_purposes) {
    if (word == to_string(p)) return p;
  }
  return std::nullopt;
}

}  // namespace pinrig::bisect
