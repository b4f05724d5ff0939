// SPDX-License-Identifier: GPL-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "git/apply.h"
#include "git/identity.h"

namespace pinrig::git {
namespace {

/// Raised when the commits that come out for the same input change.
constexpr std::string_view kRecipe = "apply 11";

std::string key_of(const Source& source, const RawSeries& raw) {
  Sha256 key;
  key.field(kRecipe).field(source.commit).field(std::to_string(static_cast<int>(raw.order)));
  for (const auto& file : raw.files)
    key.field(fs::path(file.name).filename().string()).field(std::to_string(file.strip)).field(file.text);
  for (const auto& commit : raw.commits) key.field(commit.commit);
  return key.hex();
}

/// A remembered series whose commits are still there.
std::optional<AppliedSeries> known_series(const Git& git, const Source& source, const std::string& key) {
  auto known = recall(git, source.repo, key);
  if (!known || known->patches.empty()) return std::nullopt;
  // Only a series that applies wholly is remembered: its patches are all there are.
  for (const auto& patch : known->patches) known->subjects.push_back(patch.subject);
  return known;
}

/// The trailer that git format-patch --base writes.
std::string base_commit_in(const RawSeries& raw) {
  const auto all = trailers_of(raw, "base-commit");
  const bool whole = !all.empty() && all.back().size() == 40 &&
                     all.back().find_first_not_of("0123456789abcdef") == std::string::npos;
  return whole ? all.back() : "";
}

void note_base_commit(const Source& source, const RawSeries& raw, AppliedSeries& applied) {
  const std::string id = base_commit_in(raw);
  if (id.empty() || id == source.commit) return;
  const std::string text =
      fmt::format("made on base-commit {}, applied to {}", id.substr(0, 12), source.name);
  applied.notices.push_back(fmt::format("{}: {}", raw.where, text));
  if (applied.failure && applied.failure->hint.empty())
    applied.failure->hint = fmt::format(
        "the series was {}: name a base that has this commit "
        "(kernels/NAME.yaml, --base NAME)",
        text);
}

/// Patch-ids of the last commits of a base. Those without a parent are left out: of a tarball that is all.
Result<std::set<std::string>> recent_patch_ids(const Git& git, const Source& source) {
  Call log;
  log.repo = source.repo;
  log.args = {"log",
              "-p",
              "--max-count=1000",
              "--min-parents=1",
              "--max-parents=1",
              "--no-renames",
              "--no-ext-diff",
              "--no-textconv",
              source.commit};
  PINRIG_TRY(diffs, git.run_ok(log));
  Call ids;
  ids.args = {"patch-id", "--stable"};
  ids.input = std::move(diffs.out);
  PINRIG_TRY(said, git.run_ok(ids));
  std::set<std::string> out;
  for (const auto line : lines(said.out)) out.insert(std::string(line.substr(0, line.find(' '))));
  return out;
}

/// Patches that the series says it needs, and that the base has not got.
Result<void> note_prerequisites(const Git& git, const Source& source, const RawSeries& raw,
                                AppliedSeries& applied) {
  const auto wanted = trailers_of(raw, "prerequisite-patch-id");
  if (wanted.empty()) return {};
  PINRIG_TRY(known, recent_patch_ids(git, source));
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!known.contains(wanted[i])) missing.push_back(fmt::format("{} ({})", i + 1, wanted[i].substr(0, 12)));
  }
  if (missing.empty()) return {};
  applied.notices.push_back(fmt::format(
      "{}: {} of {} not found among the last commits of {}: prerequisite {}", raw.where, missing.size(),
      count_of(wanted.size(), "prerequisite patch"), source.name, join(missing, ", ")));
  return {};
}

/// Patches that a person should look at, each; those that only moved, as a number.
void note_fits(const RawSeries& raw, AppliedSeries& applied) {
  constexpr std::size_t most = 10;
  std::vector<std::string> inexact;
  std::size_t moved = 0;
  for (const auto& patch : applied.patches) {
    if (patch.fit.inexact())
      inexact.push_back(fmt::format("{}: patch {} \"{}\" {}", raw.where, patch.number, patch.subject,
                                    to_string(patch.fit)));
    else if (!patch.fit.exact())
      ++moved;
  }
  const std::size_t all = inexact.size();
  inexact.resize(std::min(all, most));
  if (all > most)
    inexact.push_back(
        fmt::format("{}: {} with fuzz or by --3way", raw.where, count_of(all - most, "more patch")));
  if (moved > 0)
    inexact.push_back(fmt::format("{}: {} with an offset", raw.where,
                                  moved == 1 ? "1 patch applies" : fmt::format("{} patches apply", moved)));
  applied.notices.insert(applied.notices.end(), inexact.begin(), inexact.end());
}

Result<AppliedSeries> apply_raw(const Git& git, const Source& source, const RawSeries& raw,
                                const std::string& key) {
  PINRIG_TRY(temp, TempDir::create(source.repo, "pinrig-apply-"));
  Decoded decoded;
  if (raw.order == RawSeries::Order::commits) {
    PINRIG_TRY(patches, decode_range(git, raw, source));
    decoded.patches = std::move(patches);
  } else {
    PINRIG_TRY(mails, decode_series(git, raw, temp.path()));
    decoded = std::move(mails);
  }
  PINRIG_TRY(applied, apply_patches(git, source, decoded.patches, "refs/pinrig/series/" + key, temp.path(),
                                    raw.objects));
  for (const auto& patch : decoded.patches) applied.subjects.push_back(patch.subject);
  applied.notices = raw.notices;
  applied.notices.insert(applied.notices.end(), decoded.notices.begin(), decoded.notices.end());
  note_fits(raw, applied);
  note_base_commit(source, raw, applied);
  PINRIG_CHECK(note_prerequisites(git, source, raw, applied));
  return applied;
}

}  // namespace

Result<std::string> base_commit_of(const model::Series& series, const WorkContext& ctx) {
  PINRIG_TRY(git, Git::open(ctx));
  PINRIG_TRY(raw, read_series(git, series, ctx.cache));
  return base_commit_in(raw);
}

Result<AppliedSeries> apply_series(const Source& source, const model::Series& series,
                                   const WorkContext& ctx) {
  PINRIG_TRY(git, Git::open(ctx));
  const auto named = [&](Error e) {
    const std::string at = series.where.line > 0 ? model::to_string(series.where) + ": " : "";
    return std::move(e).with_context(fmt::format("{}series {}", at, series.name));
  };
  auto raw = read_series(git, series, ctx.cache);
  if (raw.has_error()) return named(std::move(raw).error());
  const std::string key = key_of(source, *raw);
  auto known = known_series(git, source, key);
  if (known) {
    known->identity = identity_of(*raw, known->subjects);
    known->notices.insert(known->notices.end(), raw->now.begin(), raw->now.end());
    return std::move(*known);
  }
  PINRIG_TRY(lock, lock_file(source.repo / "pinrig-apply.lock", git));
  auto applied = apply_raw(git, source, *raw, key);
  if (applied.has_error()) {
    Error e = std::move(applied).error();
    for (const auto& notice : raw->notices) e.hint += (e.hint.empty() ? "" : "\n") + notice;
    return named(std::move(e));
  }
  // A failure is not kept: the blobs for a three-way merge may be there next time.
  if (!applied->failure) PINRIG_CHECK(remember(source.repo, key, *applied));
  applied->identity = identity_of(*raw, applied->subjects);
  applied->notices.insert(applied->notices.end(), raw->now.begin(), raw->now.end());
  return applied;
}

}  // namespace pinrig::git
