// SPDX-License-Identifier: Apache-2.0
/// PolyReLU and PolyNorm on a GPU, forward and backward, in float and bf16 (arithmetic in float, rounded once), with
/// one set of coefficients or one for each expert of a mixture. GELU, SiLU, xIELU and their gates in bf16 are computed
/// by quick.hpp's arithmetic: before the rounding within 2^-13 + 2^-22 x^2 of the size of their terms.
///
/// Every function starts kernels on the stream and returns; none allocates, waits, or reads the device back. Pointers
/// are device memory. Rows are contiguous. Coefficient gradients are sums in an order that the shape alone decides:
/// equal bits whatever the device's size. Workspaces and the four floats of a gradient are 16-byte aligned. E is float
/// or __nv_bfloat16.
#pragma once
#include <cuda_bf16.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace nwidth::kernels::cuda {

/// In the order of PolyCom's checkpoints: w[0] cubic, w[1] quadratic, w[2] linear, and the bias. eps is PolyNorm's.
struct Coefficients {
  float w[3], bias, eps = 1e-6F;
};

/// Where the rows of each expert begin: count + 1 numbers that do not decrease, between 0 and the number of rows,
/// which is less than 2^31. Device memory, read by the kernels only: the host need not know how many rows an expert
/// has.
struct Offsets {
  void const* data = nullptr;
  bool wide = false;
  Offsets() = default;
  Offsets(std::int32_t const* p) : data(p) {}
  Offsets(std::int64_t const* p) : data(p), wide(true) {}
};

/// Coefficients in device memory: coefficients[4 e ...] = {w_0, w_1, w_2, b} of expert e, 16-byte aligned. Expert e has
/// the rows offsets[e] ... offsets[e + 1] - 1, possibly none; rows that no expert has are not written. Without offsets
/// all rows are expert 0's, and count is 1.
struct Experts {
  float const* coefficients;
  Offsets offsets;
  int count = 1;
  float eps = 1e-6F;  // PolyNorm's
};

/// y = w_0 u^3 + w_1 u^2 + w_2 u + b, u = relu(x), for `count` elements. Moves 2 count sizeof(E) bytes.
template <class E>
void polyrelu_forward(Coefficients const& c, E const* x, E* y, std::int64_t count, cudaStream_t stream);
template <class E>
void polyrelu_forward(Experts const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream);

/// Floats of workspace that polyrelu_backward needs.
std::size_t polyrelu_workspace(std::int64_t count);
std::size_t polyrelu_workspace(Experts const& c, std::int64_t rows, int width);

/// dx = g P'(x) (0 at x = 0), gradient = {dw_0, dw_1, dw_2, db}. Moves 3 count sizeof(E) bytes.
template <class E>
void polyrelu_backward(Coefficients const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t count, cudaStream_t stream);
/// gradient: 4 floats an expert, 0 for one without rows; bits that the expert's own rows alone decide.
template <class E>
void polyrelu_backward(Experts const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t rows, int width, cudaStream_t stream);

/// PolyNorm over each of `rows` rows of `width` elements, 1 <= width <= 2^24, rows < 2^31. Reads x once where a row
/// fits the block's shared memory (219 KiB on sm_90 and sm_100, 155 KiB on sm_80), else what does not fit twice; the
/// backward pass has a row of x and one of g there. Fastest where all arrays miss multiples of 16 bytes alike; any
/// width will do.
template <class E>
void polynorm_forward(Coefficients const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream);
template <class E>
void polynorm_forward(Experts const& c, E const* x, E* y, std::int64_t rows, int width, cudaStream_t stream);

/// Floats of workspace that polynorm_backward needs: little more than four a row.
std::size_t polynorm_workspace(std::int64_t rows);
std::size_t polynorm_workspace(Experts const& c, std::int64_t rows);

/// Row statistics are computed again from x, which is read anyway: x is all that a forward pass must keep.
template <class E>
void polynorm_backward(Coefficients const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t rows, int width, cudaStream_t stream);
/// gradient: as polyrelu_backward's for experts.
template <class E>
void polynorm_backward(Experts const& c, E const* x, E const* g, E* dx, float* gradient, float* workspace,
                       std::int64_t rows, int width, cudaStream_t stream);

/// Activations of one element. prelu is leaky ReLU with a learned slope.
enum class Activation { relu, relu_power, leaky_relu, prelu, gelu, gelu_tanh, silu, xielu };

/// What an activation or a gate needs besides its input; the rest is not looked at.
struct Parameters {
  int power = 2;        // relu_power: k >= 1
  float slope = 0.01F;  // leaky_relu
  /// Device memory. prelu: the slope. xielu: alpha_p, alpha_n as checkpoints hold them, before softplus. The gate
  /// polyrelu: w_0, w_1, w_2, b, 16-byte aligned.
  float const* learned = nullptr;
  float beta = 0.5F, eps = -1e-6F;  // xielu
};

/// `count` numbers of a type in device memory, `stride` elements apart.
struct Numbers {
  enum class Type { f32, bf16, f64 } type = Type::f32;
  void const* data = nullptr;
  int count = 0;
  std::int64_t stride = 1;
};

/// packed[0 ... 3] = the numbers of a, those of b, zeros; float64 rounded once. a.count + b.count <= 4. Coefficients in
/// the type and place in which a model keeps them become what the functions here read, without a look from the host.
void pack_coefficients(Numbers const& a, Numbers const& b, float* packed, cudaStream_t stream);

/// y = f(x) for `count` elements. Moves 2 count sizeof(E) bytes.
template <class E>
void activation_forward(Activation f, Parameters const& p, E const* x, E* y, std::int64_t count, cudaStream_t stream);

/// Floats of workspace that activation_backward and gated_backward need; 0 if nothing is learned.
std::size_t activation_workspace(Activation f, std::int64_t count);

/// dx = g f'(x), H(0) = 0. Moves 3 count sizeof(E) bytes.
/// @param gradient  4 floats, 16-byte aligned: of p.learned, in its order, then zeros; null if nothing is learned
template <class E>
void activation_backward(Activation f, Parameters const& p, E const* x, E const* g, E* dx, float* gradient,
                         float* workspace, std::int64_t count, cudaStream_t stream);

/// What is applied to the gate: ReGLU, GeGLU (exact and with tanh), SwiGLU, and PolyReLU on the gate.
enum class Gate { relu, gelu, gelu_tanh, silu, polyrelu };

/// y = f(gate) up for `count` elements. Moves 3 count sizeof(E) bytes.
template <class E>
void gated_forward(Gate f, Parameters const& p, E const* gate, E const* up, E* y, std::int64_t count,
                   cudaStream_t stream);
std::size_t gated_workspace(Gate f, std::int64_t count);

/// dgate = g up f'(gate), dup = g f(gate). Moves 5 count sizeof(E) bytes. gradient: as activation_backward's.
template <class E>
void gated_backward(Gate f, Parameters const& p, E const* gate, E const* up, E const* g, E* dgate, E* dup,
                    float* gradient, float* workspace, std::int64_t count, cudaStream_t stream);

/// Rows of gate and up, and of dgate and dup, that begin `stride` >= width elements apart, as in the halves of one
/// matrix; those of y and g follow one another.
struct Halves {
  std::int64_t rows;
  int width;
  std::int64_t stride;
};
template <class E>
void gated_forward(Gate f, Parameters const& p, E const* gate, E const* up, E* y, Halves const& h, cudaStream_t stream);
std::size_t gated_workspace(Gate f, Halves const& h);
template <class E>
void gated_backward(Gate f, Parameters const& p, E const* gate, E const* up, E const* g, E* dgate, E* dup,
                    float* gradient, float* workspace, Halves const& h, cudaStream_t stream);

/// y = scale PolyNorm(gate) up over rows, with coefficients in device memory, one set or one for each expert. Moves
/// 3 rows width sizeof(E) bytes, if a row of gate and one of up fit the block's shared memory.
/// @param stride  as in Halves; 0: rows follow one another
template <class E>
void polynorm_glu_forward(Experts const& c, float scale, E const* gate, E const* up, E* y, std::int64_t rows, int width,
                          cudaStream_t stream, std::int64_t stride = 0);

/// Moves 5 rows width sizeof(E) bytes, if a row of gate, of up and of g fits. Workspace: polynorm_workspace(c, rows).
/// gradient: as polyrelu_backward's for experts.
template <class E>
void polynorm_glu_backward(Experts const& c, float scale, E const* gate, E const* up, E const* g, E* dgate, E* dup,
                           float* gradient, float* workspace, std::int64_t rows, int width, cudaStream_t stream,
                           std::int64_t stride = 0);

}  // namespace nwidth::kernels::cuda
