// SPDX-License-Identifier: MIT
// What callers get wrong, in one table: each call, and words that its message must hold. What the programs refuse is in
// examples/*.cmake.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/decode.hpp>
#include <libration/attention/dilution.hpp>
#include <libration/attention/entropy.hpp>
#include <libration/attention/from_weights.hpp>
#include <libration/error/growth.hpp>
#include <libration/error/kullback_leibler.hpp>
#include <libration/error/model_exposure_bias.hpp>
#include <libration/error/numerical_radius.hpp>
#include <libration/io/npy.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/lyapunov/largest.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/add_noise.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/number_format.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/models/embedding.hpp>
#include <libration/models/reservoir.hpp>
#include <libration/models/vocabulary.hpp>
#include <libration/stats/bootstrap.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/stats/quantiles.hpp>
#include <libration/stats/regression.hpp>
#include <libration/stats/student_t.hpp>
#include <libration/stats/survival.hpp>
#include <libration/testing/laws.hpp>

#include "support/catch.hpp"
#include "support/scratch.hpp"

namespace {

using namespace libration_test;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
namespace attention = libration::attention;
namespace error = libration::error;
namespace io = libration::io;
namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
namespace models = libration::models;
namespace stats = libration::stats;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t absurd = std::int64_t{1} << 50;

// h' = h/2 of any size, none among them.
struct halving {
  using scalar_type = double;
  Index n;
  Index state_size() const { return n; }
  void step(libration::vector_view<double> h, libration::vector_span<double> next) const { next = 0.5 * h; }
  void tangent(libration::vector_view<double>, libration::matrix_view<double> V, libration::matrix_span<double> JV) const {
    JV = 0.5 * V;
  }
};

// A token model of two tokens, each as likely as the other.
struct coin {
  using scalar_type = double;
  struct workspace {};
  Index state_size() const { return 1; }
  Index vocabulary_size() const { return 2; }
  workspace make_workspace(Index) const { return {}; }
  void read(maps::token, libration::vector_span<double>, workspace&) const {}
  void logits(libration::vector_view<double>, libration::vector_span<double> out) const { out.setZero(); }
};

struct misuse {
  std::string name;
  std::function<void()> call;
  std::vector<std::string> words;  // in the message
};

VectorXd zeros(Index n) { return VectorXd::Zero(n); }

void spectrum(const lyapunov::spectrum_options& options) { (void)lyapunov::spectrum(halving{2}, zeros(2), options); }
void largest(const lyapunov::largest_options& options) { (void)lyapunov::largest(halving{2}, zeros(2), options); }
void growth(const error::growth_options& options) { (void)error::growth(halving{2}, zeros(2), options); }
void driven(const MatrixXd& inputs) {
  (void)lyapunov::spectrum(maps::driven_linear<>(MatrixXd::Identity(2, 2), MatrixXd::Ones(2, 1)), zeros(2), inputs, {});
}

std::vector<misuse> of_runs() {
  const std::string who = "lyapunov::spectrum: ";
  return {
      {"a map without components", [] { (void)lyapunov::spectrum(halving{0}, zeros(0), {.steps = 10}); }, {who, "dimension is 0"}},
      {"the same for two trajectories", [] { (void)lyapunov::largest(halving{0}, zeros(0), {.steps = 10}); }, {"dimension is 0"}},
      {"the same for errors", [] { (void)error::growth(halving{0}, zeros(0), {}); }, {"error::growth: ", "dimension is 0"}},
      {"the same for laws", [] { (void)libration::testing::check_laws(halving{0}, zeros(0)); }, {"check_laws: ", "dimension is 0"}},
      {"a start of another size", [] { (void)lyapunov::spectrum(halving{2}, zeros(3)); }, {who, "h0 has 3 rows, expected 2"}},
      {"a start with a NaN", [] { (void)lyapunov::spectrum(halving{1}, VectorXd::Constant(1, nan)); }, {who, "h0", "not finite"}},
      {"an infinite start", [] { (void)lyapunov::largest(halving{1}, VectorXd::Constant(1, infinity)); }, {"h0", "not finite"}},
      {"more exponents than components", [] { spectrum({.count = 3}); }, {who, ".count is 3, expected 0 to 2"}},
      {"a negative count", [] { spectrum({.count = -1}); }, {who, ".count is -1"}},
      {"negative steps", [] { spectrum({.steps = -5}); }, {who, ".steps is -5"}},
      {"a negative transient", [] { spectrum({.transient = -1}); }, {who, ".transient is -1"}},
      {"a tolerance of NaN", [] { spectrum({.tolerance = nan}); }, {who, ".tolerance is nan"}},
      {"a tolerance below 0", [] { spectrum({.tolerance = -1e-9}); }, {who, ".tolerance is -1e-09"}},
      {"a frame of another shape",
       [] { spectrum({.frame = MatrixXd(MatrixXd::Ones(3, 2))}); },
       {who, ".frame is 3 x 2, expected 2 x 2"}},
      {"inputs of another size", [] { driven(MatrixXd::Zero(2, 5000)); }, {who, "inputs", "2 rows, expected 1"}},
      {"inputs of no rows", [] { driven(MatrixXd(0, 5000)); }, {who, "inputs", "0 rows, expected 1"}},
      {"inputs that end in the transient",
       [] { driven(MatrixXd::Zero(1, 50)); },
       {who, "inputs have 50 columns, expected at least"}},
      {"a separation below 0", [] { largest({.separation = -1e-9}); }, {"lyapunov::largest: ", ".separation is -1e-09"}},
      {"a separation of NaN", [] { largest({.separation = nan}); }, {"lyapunov::largest: ", ".separation is nan"}},
      {"an error of size 0", [] { growth({.size = 0.0}); }, {"error::growth: ", ".size is 0"}},
      {"points further apart than a window is long", [] { growth({.steps = 10, .every = 11}); },
       {"error::growth: ", ".every is 11"}},
      {"windows of no step", [] { growth({.steps = 0}); }, {"error::growth: ", ".steps is 0"}},
      {"windows of more steps than memory holds", [] { growth({.steps = absurd, .windows = 1}); }, {"error::growth: ", "memory"}},
      {"no matrix", [] { (void)error::numerical_radius(MatrixXd(0, 0)); }, {"error::numerical_radius: ", "0 x 0"}},
      {"a matrix that is not square", [] { (void)error::numerical_radius(MatrixXd::Zero(2, 3)); }, {"2 x 3"}},
      {"a matrix with a NaN", [] { (void)error::numerical_radius(MatrixXd::Constant(2, 2, nan)); }, {"matrix of finite numbers"}},
  };
}

std::vector<misuse> of_maps() {
  return {
      {"no matrix", [] { maps::linear<>(MatrixXd(0, 0)); }, {"maps::linear: ", "0 x 0"}},
      {"a matrix that is not square", [] { maps::linear<>(MatrixXd::Zero(2, 3)); }, {"maps::linear: ", "2 x 3"}},
      {"a network of no unit", [] { maps::tanh_network<>(0, 1.0); }, {"maps::tanh_network: n is 0"}},
      {"a network beyond all memory", [] { maps::tanh_network<>(absurd, 1.0); }, {"maps::tanh_network: ", "more memory"}},
      {"a gain of NaN", [] { maps::tanh_network<>(2, nan); }, {"maps::tanh_network: gain is nan"}},
      {"no iteration", [] { (void)maps::iterate(halving{1}, 0); }, {"maps::iterate: count is 0"}},
      {"noise of another size", [] { (void)maps::add_noise(halving{2}, VectorXd(VectorXd::Ones(3))); }, {"maps::add_noise: ", "3"}},
      {"one bit", [] { (void)maps::number_format::dynamic(1); }, {"bits is 1, expected 2 to 24"}},
      {"a range that is not a number", [] { (void)maps::number_format::uniform(8, nan, 1.0); }, {"range 0 is [nan, 1]"}},
  };
}

std::vector<misuse> of_attention() {
  const MatrixXd weights = MatrixXd::Constant(2, 2, 0.5);
  return {
      {"padding of an absurd number of tokens",
       [] { (void)attention::token_mask::left(absurd, 1); },
       {"attention::token_mask: ", "more memory"}},
      {"rows that were moved from",
       [] {
         attention::decode_rows<double> rows({.size = 2});
         const attention::decode_rows<double> taken = std::move(rows);
         rows.see(zeros(2), attention::heads_view<double>::stacked(MatrixXd::Zero(2, 3), 1));
       },
       {"attention::decode_rows: ", "moved from"}},
      {"a row of a head that is not there",
       [] { (void)attention::decode_rows<double>({.query_heads = 2, .size = 2})[2]; },
       {"attention::decode_rows: head 2, expected 0 to 1"}},
      {"an absurd number of heads",
       [] { attention::decode_rows<double>({.query_heads = std::int32_t{1} << 30, .size = std::int32_t{1} << 30}); },
       {"attention::decode_rows: ", "more memory"}},
      {"vectors of two sizes",
       [] { (void)attention::entropy(MatrixXd::Zero(2, 3), MatrixXd::Zero(3, 3)); },
       {"attention::entropy: "}},
      {"vectors of no components", [] { (void)attention::entropy(MatrixXd(0, 3), MatrixXd(0, 3)); }, {"attention::entropy: "}},
      {"a scale of NaN",
       [] { (void)attention::entropy(MatrixXd::Zero(2, 3), MatrixXd::Zero(2, 3), {.scale = nan}); },
       {".scale is nan"}},
      {"a window without order",
       [] { (void)attention::entropy(MatrixXd::Zero(2, 3), MatrixXd::Zero(2, 3), {.window = 2}); },
       {".window"}},
      {"heads that do not divide",
       [] { (void)attention::entropy_from_weights(MatrixXd::Constant(2, 3, 0.5), {.heads = 2}); },
       {"attention::entropy_from_weights: ", "3 columns"}},
      {"weights that do not sum to 1",
       [] { (void)attention::entropy_from_weights(MatrixXd::Constant(2, 2, 0.6)); },
       {"sums to 1.2"}},
      {"a weight below 0",
       [] { (void)attention::entropy_from_weights((MatrixXd(2, 1) << -0.5, 1.5).finished()); },
       {"-0.5", ">= 0"}},
      {"entropies in bits", [] { (void)attention::dilution(MatrixXd::Constant(1, 50, 9.0)); }, {"attention::dilution: ", "nats"}},
  };
}

std::vector<misuse> of_statistics() {
  const auto mean = [](std::span<const Index>) { return VectorXd(VectorXd::Ones(1)); };
  const auto means = [](std::span<const std::vector<Index>>) { return VectorXd(VectorXd::Ones(1)); };
  static const std::vector<double> three = {1.0, 2.0, 3.0};
  return {
      {"no group", [=] { (void)stats::bootstrap(std::span<const Index>(), means); }, {"stats::bootstrap: there are no groups"}},
      {"a group of one", [=] { (void)stats::bootstrap(Index{1}, mean); }, {"stats::bootstrap: ", "1 members, expected at least 2"}},
      {"a group beyond all memory", [=] { (void)stats::bootstrap(Index{absurd}, mean); }, {"stats::bootstrap: ", "more memory"}},
      {"resamples beyond all memory", [=] { (void)stats::bootstrap(Index{3}, mean, {.resamples = absurd}); }, {"more memory"}},
      {"variables beyond all memory", [] { stats::batch_series<double>{absurd}; }, {"stats::batch_series: ", "more memory"}},
      {"a variable that is not recorded",
       [] { (void)stats::mean_error(stats::batch_series<double>(2), 2); },
       {"stats::mean_error: row 2, expected 0 to 1"}},
      {"threads below 0", [=] { (void)stats::bootstrap(Index{3}, mean, {.threads = -1}); }, {".threads is -1"}},
      {"a time at the type's end",
       [] {
         (void)stats::fit_hazard(std::vector<stats::survival_time>{{most, false}, {3, false}});
       },
       {"stats::fit_hazard: times[0].steps is 9223372036854775807", "2^53"}},
      {"times whose sum is beyond the type's end",
       [] {
         (void)stats::fit_hazard(std::vector<stats::survival_time>(2000, {std::int64_t{1} << 53, false}));
       },
       {"stats::fit_hazard: ", "2^63 - 1"}},
      {"an event before the first step",
       [] {
         (void)stats::kaplan_meier(std::vector<stats::survival_time>{{0, false}});
       },
       {"stats::kaplan_meier: times[0].steps is 0, expected >= 1"}},
      {"a level of 95", [] { (void)stats::proportion_interval(1, 2, 95.0); }, {"level is 95, expected > 0 and < 1"}},
      {"a quantile of NaN", [] { (void)stats::quantile(three, nan); }, {"stats::quantile: p is outside"}},
      {"a probability above 1", [] { (void)stats::normal_quantile(1.5); }, {"stats::normal_quantile: p is outside"}},
      {"no degree of freedom", [] { (void)stats::student_t_quantile(0.9, 0.0); }, {"stats::student_t_quantile: degrees"}},
      {"a line through one point",
       [] { (void)stats::fit_line(std::vector<double>{1.0}, std::vector<double>{1.0}); },
       {"stats::fit_line: x has 1 points"}},
      {"probabilities that do not sum to 1",
       [] { (void)error::kullback_leibler(VectorXd::Constant(2, 0.5), VectorXd::Constant(2, 0.55)); },
       {"q sums to 1.1"}},
  };
}

std::vector<misuse> of_models_and_files() {
  return {
      {"a reservoir beyond all memory",
       [] { (void)models::reservoir<double>::random(absurd, 1); },
       {"models::reservoir::random: ", "of memory", "state_size"}},
      {"inputs beyond all memory",
       [] { (void)models::reservoir<double>::random(2, absurd); },
       {"models::reservoir::random: ", "of memory", "input_size"}},
      {"runs of more steps than memory holds",
       [] { (void)error::exposure_bias(coin{}, coin{}, {{0}}, {.steps = absurd}); },
       {"error::exposure_bias: ", "of memory", ".steps"}},
      {"more runs than memory holds",
       [] { (void)error::exposure_bias(coin{}, coin{}, {{0}, {0}}, {.runs = most}); },
       {"error::exposure_bias: ", "of memory", ".runs"}},
      {"an empty table", [] { models::embedding<double>(MatrixXd(0, 0)); }, {"models::embedding: an empty table"}},
      {"a token out of range",
       [] {
         VectorXd out(3);
         models::embedding<double>(MatrixXd(MatrixXd::Ones(3, 5))).write(5, out);
       },
       {"models::embedding: token 5", "below 5"}},
      {"an embedding that was moved from",
       [] {
         models::embedding<double> first(MatrixXd(MatrixXd::Ones(3, 5)));
         const auto second = std::move(first);
         VectorXd out(3);
         first.write(4, out);
       },
       {"models::embedding: token 4", "below 0"}},
      {"a character that the model does not know",
       [] { (void)models::vocabulary::from_json(R"(["a","b"])").encode("abc"); },
       {"c"}},
      {"a name that is taken",
       [] {
         io::safetensors::tensor_set tensors;
         tensors.add("a", zeros(2), io::element::f64);
         tensors.add("a", zeros(2), io::element::f64);
       },
       {"io::safetensors::tensor_set", "a"}},
      {"a value that the type cannot hold",
       [] {
         io::safetensors::tensor_set tensors;
         tensors.add("a", VectorXd(VectorXd::Constant(1, 300.0)), io::element::u8);
       },
       {"300"}},
  };
}

void check_all(const std::vector<misuse>& table) {
  for (const misuse& one : table) {
    INFO(one.name);
    std::string message;
    try {
      one.call();
    } catch (const libration::argument_error& refusal) {
      message = refusal.what();
    }  // any other exception fails the test, and so does none
    CHECK_FALSE(message.empty());
    for (const std::string& word : one.words) CHECK_THAT(message, Contains(word));
  }
}

}  // namespace

TEST_CASE("misuses: runs", "[failure]") { check_all(of_runs()); }
TEST_CASE("misuses: maps", "[failure]") { check_all(of_maps()); }
TEST_CASE("misuses: attention", "[failure]") { check_all(of_attention()); }
TEST_CASE("misuses: statistics", "[failure]") { check_all(of_statistics()); }
TEST_CASE("misuses: models and files", "[failure]") { check_all(of_models_and_files()); }

TEST_CASE("misuses: files", "[failure]") {
  const scratch_folder folder;
  const auto refused = [&](auto&& read) {
    try {
      read();
    } catch (const libration::file_error& damaged) {
      return std::string(damaged.what());
    }
    return std::string();
  };
  CHECK_THAT(refused([&] { (void)io::safetensors::open(folder / "nowhere.safetensors"); }), Contains("nowhere.safetensors"));
  CHECK_THAT(refused([&] { (void)io::npy::read<double>(folder / "nowhere.npy"); }), Contains("nowhere.npy"));
}
