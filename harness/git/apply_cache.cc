// SPDX-License-Identifier: GPL-2.0
#include <nlohmann/json.hpp>

#include "git/apply.h"

namespace pinrig::git {
namespace {

fs::path file_of(const fs::path& repo, const std::string& key) {
  return repo / "pinrig-series" / (key + ".json");
}

bool objects_exist(const Git& git, const fs::path& repo, const AppliedSeries& series) {
  Call call;
  call.repo = repo;
  call.args = {"cat-file", "--batch-check"};
  for (const auto& patch : series.patches) call.input += patch.commit + "\n" + patch.tree + "\n";
  if (call.input.empty()) return true;
  const auto done = git.run(call);
  return done.has_value() && process::succeeded(done->status) &&
         done->out.find(" missing\n") == std::string::npos;
}

}  // namespace

std::optional<AppliedSeries> recall(const Git& git, const fs::path& repo, const std::string& key) {
  std::error_code ec;
  if (!fs::exists(file_of(repo, key), ec)) return std::nullopt;
  const auto text = read_file(file_of(repo, key));
  if (text.has_error()) return std::nullopt;
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  AppliedSeries series;
  try {
    series.notices = json.at("notices").get<std::vector<std::string>>();
    for (const auto& j : json.at("patches")) {
      Applied a;
      a.number = j.at("number").get<int>();
      a.subject = j.at("subject").get<std::string>();
      a.author = j.at("author").get<std::string>();
      a.commit = j.at("commit").get<std::string>();
      a.tree = j.at("tree").get<std::string>();
      a.patch_id = j.at("patch_id").get<std::string>();
      a.version = j.at("version").get<std::string>();
      a.files = j.at("files").get<std::vector<std::string>>();
      a.fit = model::fit_from_json(j.at("fit").get<std::string>());
      series.patches.push_back(std::move(a));
    }
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;  // damaged: applied again
  }
  if (!objects_exist(git, repo, series)) return std::nullopt;
  return series;
}

Result<void> remember(const fs::path& repo, const std::string& key, const AppliedSeries& applied) {
  nlohmann::json patches = nlohmann::json::array();
  for (const auto& a : applied.patches) {
    patches.push_back({{"number", a.number},
                       {"subject", a.subject},
                       {"author", a.author},
                       {"commit", a.commit},
                       {"tree", a.tree},
                       {"patch_id", a.patch_id},
                       {"version", a.version},
                       {"files", a.files},
                       {"fit", model::fit_to_json(a.fit)}});
  }
  const nlohmann::json json{{"patches", patches}, {"notices", applied.notices}};
  PINRIG_CHECK(make_dirs(repo / "pinrig-series"));
  // A subject that is no UTF-8 must not stop a run.
  return write_file_atomic(file_of(repo, key),
                           json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace pinrig::git
