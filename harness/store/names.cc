// SPDX-License-Identifier: GPL-2.0
// Enumerations of the rows as words.
#include "store/names.h"

#include <array>
#include <nlohmann/json.hpp>

namespace pinrig::store {
namespace {

constexpr std::array run_states{RunState::running, RunState::finished, RunState::interrupted,
                                RunState::failed};
constexpr std::array kernel_states{KernelState::planned,         KernelState::built,
                                   KernelState::apply_failed,    KernelState::build_failed,
                                   KernelState::programs_failed, KernelState::guest_failed,
                                   KernelState::infra_error,     KernelState::cancelled};

template <typename Values>
auto find_named(const Values& values, const std::string& word) -> std::optional<typename Values::value_type> {
  for (const auto v : values) {
    if (word == to_string(v)) return v;
  }
  return std::nullopt;
}

}  // namespace

const char* to_string(RunState state) {
  switch (state) {
    case RunState::running:
      return "running";
    case RunState::finished:
      return "finished";
    case RunState::interrupted:
      return "interrupted";
    case RunState::failed:
      return "failed";
  }
  return "?";
}

const char* to_string(KernelState state) {
  switch (state) {
    case KernelState::planned:
      return "planned";
    case KernelState::built:
      return "built";
    case KernelState::apply_failed:
      return "apply_failed";
    case KernelState::build_failed:
      return "build_failed";
    case KernelState::programs_failed:
      return "programs_failed";
    case KernelState::guest_failed:
      return "guest_failed";
    case KernelState::infra_error:
      return "infra_error";
    case KernelState::cancelled:
      return "cancelled";
  }
  return "?";
}

std::string unbuilt_to_json(const std::vector<model::UnbuiltFile>& files) {
  auto json = nlohmann::json::array();
  for (const auto& u : files) json.push_back({{"file", u.file}, {"why", u.why}});
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<model::UnbuiltFile> unbuilt_from_json(const std::string& text) {
  std::vector<model::UnbuiltFile> out;
  for (const auto& u : nlohmann::json::parse(text))
    out.push_back({u.at("file").get<std::string>(), u.at("why").get<std::string>()});
  return out;
}

std::optional<RunState> run_state_from_string(const std::string& word) {
  return find_named(run_states, word);
}

std::optional<KernelState> kernel_state_from_string(const std::string& word) {
  return find_named(kernel_states, word);
}

}  // namespace pinrig::store
