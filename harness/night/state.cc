// SPDX-License-Identifier: GPL-2.0
#include "night/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace pinrig::night {
namespace {

using nlohmann::json;

constexpr int version = 1;

StepState state_from(const std::string& word) {
  for (const auto s : {StepState::planned, StepState::running, StepState::done, StepState::left_out}) {
    if (word == to_string(s)) return s;
  }
  throw std::runtime_error("unknown state '" + word + "'");
}

json step_json(const StepRecord& s) {
  return {{"name", s.name},        {"words", s.words},         {"state", to_string(s.state)},
          {"why", s.why},          {"after", s.after},         {"against", s.against},
          {"run", s.run_id},       {"exit_code", s.exit_code}, {"seconds", s.seconds},
          {"attempts", s.attempts}};
}

StepRecord step_from(const json& j) {
  StepRecord s;
  j.at("name").get_to(s.name);
  j.at("words").get_to(s.words);
  s.state = state_from(j.at("state").get<std::string>());
  j.at("why").get_to(s.why);
  j.at("after").get_to(s.after);
  j.at("against").get_to(s.against);
  j.at("run").get_to(s.run_id);
  j.at("exit_code").get_to(s.exit_code);
  j.at("seconds").get_to(s.seconds);
  j.at("attempts").get_to(s.attempts);
  return s;
}

}  // namespace

const char* to_string(StepState state) {
  switch (state) {
    case StepState::planned:
      return "planned";
    case StepState::running:
      return "running";
    case StepState::done:
      return "done";
    case StepState::left_out:
      return "left_out";
  }
  return "?";
}

std::string record_to_json(const NightRecord& r) {
  json steps = json::array();
  for (const auto& s : r.steps) steps.push_back(step_json(s));
  const json j{{"format", "pinrig-night"}, {"version", version}, {"id", r.id},
               {"spec", r.spec},           {"began", r.began},   {"finished", r.finished},
               {"commit", r.commit},       {"seed", r.seed},     {"steps", std::move(steps)}};
  return j.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<NightRecord> record_from_json(const std::string& text, const fs::path& file) {
  try {
    const json j = json::parse(text);
    if (j.at("format") != "pinrig-night") throw std::runtime_error("it is no pinrig-night");
    if (j.at("version").get<int>() > version) throw std::runtime_error("it is of a later pinrig");
    NightRecord r;
    j.at("id").get_to(r.id);
    j.at("spec").get_to(r.spec);
    j.at("began").get_to(r.began);
    j.at("finished").get_to(r.finished);
    j.at("commit").get_to(r.commit);
    j.at("seed").get_to(r.seed);
    for (const auto& s : j.at("steps")) r.steps.push_back(step_from(s));
    return r;
  } catch (const std::exception& e) {
    return make_error(ErrorKind::bad_input, fmt::format("{}: {}", file.string(), json_reason(e.what())),
                      "remove this file: its runs stay in the store");
  }
}

fs::path folder_of(const fs::path& state, const std::string& id) { return state / "nights" / id; }

Result<void> save(const NightRecord& record, const fs::path& folder) {
  return write_file_atomic(folder / "night.json", record_to_json(record));
}

Result<Nights> load_all(const fs::path& state) {
  Nights out;
  std::error_code ec;
  std::vector<fs::path> folders;
  for (const auto& e : fs::directory_iterator(state / "nights", ec)) folders.push_back(e.path());
  std::sort(folders.rbegin(), folders.rend());
  for (const auto& folder : folders) {
    const fs::path file = folder / "night.json";
    if (!fs::exists(file, ec)) continue;  // killed before it was written
    PINRIG_TRY(text, read_file(file));
    auto record = record_from_json(text, file);
    if (record.has_value())
      out.all.push_back(std::move(*record));
    else
      out.unreadable.push_back(record.error().message);
  }
  std::stable_sort(out.all.begin(), out.all.end(),
                   [](const NightRecord& a, const NightRecord& b) { return a.began > b.began; });
  return out;
}

}  // namespace pinrig::night
