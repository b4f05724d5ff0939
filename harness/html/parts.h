// SPDX-License-Identifier: GPL-2.0
// The sections of the page, in its order. Private to the module.
#pragma once

#include <string>
#include <vector>

#include "html/text.h"
#include "html/timeline.h"
#include "report/digest.h"

namespace pinrig::html {

/// What all sections need.
struct Source {
  const report::Digest& digest;
  fs::path folder;  ///< of the page, if files of the run may be links; empty: they are paths
  const report::RunData& data() const { return digest.data; }
};

/// A file of the run: a link, or its path.
std::string file_html(const Source& s, const fs::path& file, const std::string& name);

std::string heading_html(const Source& s);
std::string changes_html(const Source& s);
std::string series_html(const Source& s);
std::vector<Piece> unexpected_pieces(const Source& s);
std::vector<Piece> known_pieces(const Source& s);
std::vector<Piece> green_pieces(const Source& s);
std::string kernels_html(const Source& s);
std::string commands_html(const Source& s);
std::string bisections_html(const Source& s);

// pictures.cc: inline SVG.
std::string heat_map(const Source& s);
std::string gantt(const Source& s, const Timeline& times);
std::string pins_over_time(const Source& s);
/// Acquired and released pages of a test as two bars.
std::string ledger_bars(const model::PinLedger& ledger);

}  // namespace pinrig::html
