// SPDX-License-Identifier: GPL-2.0
// A series without a series.yaml: the forms that --series accepts. Private to spec.
#pragma once

#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "model/kernel.h"

namespace pinrig::spec {

/// "REPO:A..B", REPO a path or URL; nullopt when it is not a range.
std::optional<model::Series::GitRange> range_form(const std::string& word);

/// What is wrong with a word that names no file and looks like REPO:A..B but is not: "REPO:A..",
/// "REPO:A...B", "REPO:BRANCH" with a directory REPO; nullopt for all others.
std::optional<Error> almost_range(const std::string& word);

/// Whether a word names a file, a directory or a range rather than a series of the project: "./x",
/// "v3.mbox", "fix.patch.gz", "../linux:v6.12..topic".
bool is_series_path(const std::string& word);

/// The same word with its path or repository absolute, relative ones counted from `folder`.
std::string absolute_series(const std::string& word, const fs::path& folder);

/// The series that a range, an mbox or a directory without series.yaml is; its base is left empty. nullopt
/// when the word is a name of the project or refers to a YAML file. bad_input: no such file, no such
/// repository.
Result<std::optional<model::Series>> series_without_yaml(const std::string& word);

}  // namespace pinrig::spec
