// SPDX-License-Identifier: Apache-2.0
/// What machine_formats_test.py asks of the library: reads a network file from stdin and writes into the folder that
/// the argument names net.onnx, net.safetensors, the same with 32-bit floats, and values of the network at given
/// points.
///
///   test_network_files FOLDER < net.json          also reads FOLDER/points: one point a line, hexadecimal floats
///   test_network_files --read < net.safetensors   prints the network as JSON
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "theory/network/json.hpp"
#include "theory/network/onnx.hpp"
#include "theory/network/safetensors.hpp"

int main(int argc, char** argv) try {
  using namespace nwidth;
  if (argc != 2) throw InvalidInput("one argument is needed");
  std::string const argument = argv[1];
  std::string const input{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  if (argument == "--read") {
    std::cout << write_network(read_safetensors(input));
    return 0;
  }
  Network const net = read_network(input);
  auto write = [&](char const* name, NetworkFile const& file) {
    std::ofstream(argument + "/" + name, std::ios::binary) << file.bytes;
    std::cout << name << ' ' << file.rounding.numbers << ' ' << file.rounding.rounded << ' '
              << exact_string(file.rounding.largest) << '\n';
  };
  write("net.onnx", write_onnx(net));
  write("net32.onnx", write_onnx(net, FloatFormat::f32));
  write("net.safetensors", write_safetensors(net));
  write("net32.safetensors", write_safetensors(net, FloatFormat::f32));
  std::ifstream points(argument + "/points");
  std::ofstream values(argument + "/values");
  for (std::string line; std::getline(points, line);) {
    std::istringstream words(line);
    std::vector<double> x;
    for (std::string word; words >> word;) x.push_back(std::stod(word));
    char text[40];
    for (double y : net(x)) {
      std::snprintf(text, sizeof text, "%a ", y);
      values << text;
    }
    values << '\n';
  }
  return 0;
} catch (std::exception const& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
