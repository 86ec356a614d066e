// SPDX-License-Identifier: MIT
// Files of recurrent networks whose headers are mutated by their structure: tensors are left out, doubled under another name, of
// another shape or type. Each is refused with a file_error or an argument_error, or read as a network that steps.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <libration/io/safetensors.hpp>
#include <libration/models/recurrent.hpp>

namespace {

namespace io = libration::io;
namespace models = libration::models;

void must(bool condition) {
  if (!condition) std::abort();
}

// The fuzzer's bytes, one decision after another; 0 where they are at an end, which changes nothing.
struct decisions {
  const std::uint8_t* data;
  std::size_t left;
  unsigned next(unsigned below) {
    if (left == 0) return 0;
    --left;
    return *data++ % below;
  }
};

struct layout {
  std::string header;
  std::size_t size = 0;
  void add(const std::string& name, const std::string& type, std::size_t bytes_each, const std::vector<std::size_t>& shape) {
    std::size_t bytes = bytes_each;
    header += (header.empty() ? "" : ",") + ("\"" + name + "\":{\"dtype\":\"" + type + "\",\"shape\":[");
    for (std::size_t d = 0; d < shape.size(); ++d) {
      header += (d ? "," : "") + std::to_string(shape[d]);
      bytes *= shape[d];
    }
    header += "],\"data_offsets\":[" + std::to_string(size) + "," + std::to_string(size + bytes) + "]}";
    size += bytes;
  }
};

void add(layout& file, decisions& choose, const std::string& name, std::vector<std::size_t> shape) {
  std::string written = name, type = "F32";
  std::size_t bytes_each = 4;
  switch (choose.next(12)) {
    case 1: return;  // left out
    case 2: written = "module." + name; break;
    case 3: written = name + "_raw"; break;
    case 4: shape[0] += choose.next(3); break;
    case 5: shape.back() = choose.next(4); break;
    case 6: shape.push_back(1); break;
    case 7: type = "I32"; break;
    case 8: type = "F64", bytes_each = 8; break;
    case 9: type = "BF16", bytes_each = 2; break;
    case 10: file.add(name + "_reverse", type, bytes_each, shape); break;
    default: break;
  }
  file.add(written, type, bytes_each, shape);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  decisions choose{data, size};
  const std::size_t gates[] = {1, 3, 4};
  const std::size_t rows_each = gates[choose.next(3)], units = 1 + choose.next(4), inputs = 1 + choose.next(4);
  const unsigned layers = 1 + choose.next(3);
  const bool cell = choose.next(4) == 3, biases = choose.next(4) != 3;
  const std::string prefix = choose.next(2) == 1 ? "net." : "";
  layout file;
  for (unsigned l = 0; l < layers; ++l) {
    const std::string end = cell ? "" : "_l" + std::to_string(l);
    add(file, choose, prefix + "weight_ih" + end, {rows_each * units, l == 0 ? inputs : units});
    add(file, choose, prefix + "weight_hh" + end, {rows_each * units, units});
    if (biases) add(file, choose, prefix + "bias_ih" + end, {rows_each * units});
    if (biases) add(file, choose, prefix + "bias_hh" + end, {rows_each * units});
  }
  const char* const metadata[] = {"", "\"nonlinearity\":\"relu\"", "\"gate_order\":\"zrn\"", "\"leak\":\"2\""};
  const std::string said = metadata[choose.next(4)];
  std::string header = "{" + (said.empty() ? said : "\"__metadata__\":{" + said + "}" + (file.header.empty() ? "" : ",")) +
                       file.header + "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string bytes;
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xffu);
  bytes += header;
  bytes.resize(bytes.size() + file.size, '\1');  // small numbers of every type

  try {
    const auto parsed = io::safetensors::parse(std::as_bytes(std::span<const char>(bytes)), "file");
    const auto network = models::load_recurrent<double>(parsed);
    std::visit(
        [](const auto& model) {
          must(model.state_size() >= 1 && model.input_size() >= 1);
          const Eigen::VectorXd h = Eigen::VectorXd::Zero(model.state_size()), x = Eigen::VectorXd::Ones(model.input_size());
          Eigen::VectorXd next(h.size());
          auto workspace = model.make_workspace(0);
          model.step(h, x, next, workspace);
          must(next.allFinite());
        },
        network);
  } catch (const libration::file_error&) {
  } catch (const libration::argument_error&) {
  }
  return 0;
}
