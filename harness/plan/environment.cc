// SPDX-License-Identifier: GPL-2.0
#include "plan/environment.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "plan/selector.h"

namespace pinrig::plan {
namespace {

constexpr double one_day = 86400;

std::string placed(const model::SourceLocation& where, const std::string& message) {
  const std::string place = model::to_string(where);
  return place.empty() ? message : place + ": " + message;
}

Error no_test(const std::vector<model::Suite>& suites, const model::TestEnv& env) {
  std::vector<std::string> known;
  for (const auto& suite : suites) {
    for (const auto& test : suite.tests) known.push_back(test.name);
  }
  return refused({env.where, env.where.file.empty() ? "--env" : "env"}, env.test,
                 "no such test" + did_you_mean(env.test, known), "`pinrig list tests` lists them");
}

}  // namespace

Result<void> add_environment(std::vector<model::Suite>& suites, const std::vector<model::TestEnv>& more) {
  for (const auto& one : more) {
    model::TestSpec* test = find_test(suites, one.test);
    if (test == nullptr) return no_test(suites, one);
    for (const auto& [name, value] : one.env) test->env[name] = value;
  }
  return {};
}

bool injects_faults(const std::vector<model::Suite>& suites, const std::vector<model::TestEnv>& more) {
  for (const auto& one : more) {
    const model::TestSpec* test = find_test(suites, one.test);
    for (const auto& [name, value] : one.env) {
      if (test == nullptr) continue;
      for (const auto& proof : test->proofs) {
        if (proof.env.contains(name)) return true;
      }
    }
  }
  return false;
}

void make_quick(std::vector<model::Suite>& suites) {
  for (auto& suite : suites) {
    for (auto& test : suite.tests) {
      if (!test.quick_args.empty()) test.args = test.quick_args;
    }
  }
}

Result<void> extend_limits(std::vector<model::Suite>& suites) {
  for (auto& suite : suites) {
    for (auto& test : suite.tests) {
      const auto value = test.env.find(test.limit_plus);
      if (test.limit_plus.empty() || value == test.env.end()) continue;
      const std::string& text = value->second;
      double seconds = -1;
      const auto [end, ec] =
          std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
      if (ec != std::errc() || end != text.data() + text.size() || !(seconds >= 0 && seconds <= one_day))
        return make_error(ErrorKind::bad_input,
                          placed(test.where, fmt::format("test {}: {}={:.40} is not a number of seconds",
                                                         test.name, test.limit_plus, text)),
                          "must be seconds, from 0 to 86400");
      test.limit_s += seconds;
    }
  }
  return {};
}

}  // namespace pinrig::plan
