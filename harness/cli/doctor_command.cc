// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/output.h"
#include "cli/program.h"
#include "doctor/doctor.h"

namespace pinrig::cli {
namespace {

using Level = doctor::Finding::Level;

std::string as_text(const std::vector<doctor::Finding>& findings, bool color) {
  std::string out;
  for (const auto& f : findings) {
    const char* code = f.level == Level::ok ? "32" : f.level == Level::note ? "33" : "31";
    const std::string word = fmt::format("{:<8}", to_string(f.level));
    out += fmt::format("{} {:<22} {}\n", color ? fmt::format("\x1b[{}m{}\x1b[0m", code, word) : word, f.name,
                       f.detail);
    if (!f.remedy.empty()) out += fmt::format("{:<8} {:<22} -> {}\n", "", "", f.remedy);
  }
  const auto problems = std::count_if(findings.begin(), findings.end(),
                                      [](const auto& f) { return f.level == Level::problem; });
  out += problems == 0 ? "everything that a run needs is installed\n"
                       : count_of(static_cast<std::size_t>(problems), "problem") + ": a run would fail\n";
  return out;
}

std::string as_json(const std::vector<doctor::Finding>& findings) {
  auto j = nlohmann::json::array();
  for (const auto& f : findings)
    j.push_back(
        {{"level", to_string(f.level)}, {"name", f.name}, {"detail", f.detail}, {"remedy", f.remedy}});
  return j.dump(2) + "\n";
}

Result<ExitCode> doctor_command(bool json, const Program& program) {
  PINRIG_TRY(paths, program.paths());
  std::vector<doctor::Finding> findings;
  {
    const auto status = run::make_status(run::Verbosity::quiet);
    const job::Services services{paths, program.cancel, *status, 1};
    PINRIG_TRY(found, doctor::diagnose(services));
    findings = std::move(found);
  }
  PINRIG_CHECK(
      write_output("-", json ? as_json(findings) : as_text(findings, terminal_style(program).color)));
  const bool bad =
      std::any_of(findings.begin(), findings.end(), [](const auto& f) { return f.level == Level::problem; });
  return bad ? ExitCode::harness : ExitCode::ok;
}

}  // namespace

void add_doctor(CLI::App& app, Program& program, Action& action) {
  auto* sub = app.add_subcommand(
      "doctor",
      "Check tools, disk, memory and accelerators (boots a tiny guest), and say how to fix each problem");
  const auto json = std::make_shared<bool>(false);
  sub->add_flag("--json", *json, "As JSON");
  sub->callback(
      [json, &program, &action] { action = [json, &program] { return doctor_command(*json, program); }; });
}

}  // namespace pinrig::cli
