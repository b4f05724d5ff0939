// SPDX-License-Identifier: GPL-2.0
// How often a red shows, and how many clean runs it takes to believe that it is gone.
#pragma once

namespace pinrig::bisect {

/// The quantile `q` of Beta(1/2 + hits, 1/2 + misses): the rate of a red of which that was seen (Jeffreys
/// prior).
double rate_quantile(int hits, int misses, double q);

/// Runs without a red after which a point is clean, when the red was calibrated with `hits` in `hits +
/// misses` runs: max(2, ceil(ln 0.01 / ln(1 - p))), p the 10 % quantile. Not the mean: that names a wrong
/// patch in 6 to 8 of 100 searches at rates of 1/2 and 1/4.
int clean_runs(int hits, int misses);

/// The chance that a red of this calibration does not show in `runs` runs.
double chance_missed(int hits, int misses, int runs);

/// The fewest clean runs in a row that a kernel with a red of this calibration has with a chance of at most
/// `chance`, over all rates that it may have (Jeffreys prior): B(a, b + n) / B(a, b). 10000 at most.
int runs_to_believe(int hits, int misses, double chance);

/// ln of the Beta function.
double log_beta(double a, double b);

}  // namespace pinrig::bisect
