// SPDX-License-Identifier: GPL-2.0
#include "bisect/rate.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>

namespace pinrig::bisect {
namespace {

constexpr double cautious = 0.10;
constexpr double accepted_miss = 0.01;
constexpr int fewest_runs = 2;
constexpr double jeffreys = 0.5;

}  // namespace

double rate_quantile(int hits, int misses, double q) {
  return boost::math::quantile(boost::math::beta_distribution<double>(jeffreys + hits, jeffreys + misses), q);
}

int clean_runs(int hits, int misses) {
  const double p = rate_quantile(hits, misses, cautious);
  return std::max(fewest_runs, static_cast<int>(std::ceil(std::log(accepted_miss) / std::log1p(-p))));
}

double chance_missed(int hits, int misses, int runs) {
  return std::pow(1 - rate_quantile(hits, misses, cautious), runs);
}

int runs_to_believe(int hits, int misses, double chance) {
  constexpr int most = 10000;
  const double a = jeffreys + hits;
  const double b = jeffreys + misses;
  int runs = 1;
  while (runs < most && log_beta(a, b + runs) - log_beta(a, b) > std::log(chance)) ++runs;
  return runs;
}

// lgamma() of the C library writes the global signgam; the re-entrant one does not.
double log_beta(double a, double b) {
  int sign = 0;
  return ::lgamma_r(a, &sign) + ::lgamma_r(b, &sign) - ::lgamma_r(a + b, &sign);
}

}  // namespace pinrig::bisect
