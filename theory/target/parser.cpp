// SPDX-License-Identifier: Apache-2.0
#include "theory/target/parser.hpp"

#include <array>
#include <utility>

#include "theory/number/error.hpp"

namespace nwidth::target {
namespace {

constexpr std::array<std::pair<std::string_view, Op>, 13> functions{{{"exp", Op::exp},
                                                                     {"log", Op::log},
                                                                     {"sin", Op::sin},
                                                                     {"cos", Op::cos},
                                                                     {"tan", Op::tan},
                                                                     {"sinh", Op::sinh},
                                                                     {"cosh", Op::cosh},
                                                                     {"tanh", Op::tanh},
                                                                     {"atan", Op::atan},
                                                                     {"abs", Op::abs},
                                                                     {"min", Op::min},
                                                                     {"max", Op::max},
                                                                     {"relu", Op::relu}}};

bool is_digit(char c) { return '0' <= c && c <= '9'; }
bool is_letter(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || c == '_'; }

class Parser {
 public:
  Parser(std::string_view text, int inputs) : text_(text), inputs_(inputs), builder_(inputs) {}

  Program parse() {
    int const root = sum();
    if (skip() < text_.size()) expected("an operator or the end");
    return builder_.finish(root);
  }

 private:
  [[noreturn]] void fail(std::size_t position, std::string const& what) const {
    std::string shown;
    for (char const c : text_.substr(0, 50)) shown += 32 <= c && c < 127 ? c : '?';
    if (text_.size() > 50) shown += "...";
    throw InvalidInput("expression '" + shown + "', position " + std::to_string(position + 1) + ": " + what);
  }

  [[noreturn]] void expected(std::string const& what) {
    std::size_t const at = skip();
    std::string found = "the end";
    if (at < text_.size()) {
      char const c = text_[at];
      found = 32 <= c && c < 127 ? std::string{'\'', c, '\''} : "a character that is not ASCII text";
    }
    fail(at, "expected " + what + ", found " + found);
  }

  std::size_t skip() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_;
  }
  char peek() { return skip() < text_.size() ? text_[at_] : '\0'; }
  bool accept(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  /// Runs a step of the builder; what it refuses is refused at `position`.
  template <class F>
  int build(std::size_t position, F step) {
    try {
      return step();
    } catch (InvalidInput const& e) {
      fail(position, e.what());
    }
  }

  int sum() {
    int a = product();
    for (;;) {
      std::size_t const position = skip();
      if (accept('+')) {
        int const b = product();
        a = build(position, [&] { return builder_.add(a, b); });
      } else if (accept('-')) {
        int const b = product();
        a = build(position, [&] { return builder_.sub(a, b); });
      } else {
        return a;
      }
    }
  }

  int product() {
    int a = signed_power();
    for (;;) {
      std::size_t const position = skip();
      if (accept('*')) {
        int const b = signed_power();
        a = build(position, [&] { return builder_.mul(a, b); });
      } else if (accept('/')) {
        int const b = signed_power();
        a = build(position, [&] { return builder_.div(a, b); });
      } else {
        return a;
      }
    }
  }

  int signed_power() {
    bool negative = false;
    for (;;) {
      if (accept('-')) {
        negative = !negative;
      } else if (!accept('+')) {
        break;
      }
    }
    int const a = power();
    return negative ? builder_.neg(a) : a;
  }

  int power() {
    int const base = atom();
    if (!accept('^')) return base;
    std::size_t const position = skip();
    Depth const depth(*this, position);
    int const exponent = signed_power();
    auto const value = builder_.value(exponent);
    if (!value) fail(position, "expected a rational constant as exponent (write exp(v*log(u)) for u^v)");
    return build(position, [&] { return builder_.power(base, *value); });
  }

  int atom() {
    std::size_t const start = skip();
    char const c = peek();
    if (is_digit(c) || c == '.') return number();
    if (is_letter(c)) return word();
    if (!accept('(')) expected("a number, " + variables() + ", pi, a function or '('");
    Depth const depth(*this, start);
    int const a = sum();
    if (!accept(')')) expected("an operator or ')'");
    return a;
  }

  int number() {
    std::size_t const start = at_;
    auto const digits = [this] {
      std::size_t const first = at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
      return at_ - first;
    };
    std::size_t count = digits();
    if (at_ < text_.size() && text_[at_] == '.') {
      ++at_;
      count += digits();
    }
    if (count == 0) fail(start, "expected digits around the decimal point");
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      std::size_t const mark = at_++;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (digits() == 0) fail(mark, "expected a decimal exponent like e-3, or an operator before a name");
    }
    std::string_view const literal = text_.substr(start, at_ - start);
    return build(start, [&] { return builder_.constant(parse_rational(literal)); });
  }

  int word() {
    std::size_t const start = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    std::string_view const name = text_.substr(start, at_ - start);
    if (name == "pi") return builder_.pi();
    if (inputs_ == 1 && name == "x") return builder_.variable(0);
    if (inputs_ > 1 && name.size() >= 2 && name.size() <= 7 && name[0] == 'x' && name[1] != '0' &&
        name.find_first_not_of("0123456789", 1) == std::string_view::npos) {
      int const k = std::stoi(std::string(name.substr(1)));
      if (k >= 1 && k <= inputs_) return builder_.variable(k - 1);
    }
    if (name == "sqrt") return arguments(start, 1, [&](int a, int) { return builder_.power(a, Rational(1, 2)); });
    for (auto const& [known, op] : functions) {
      if (name != known) continue;
      Op const f = op;
      if (f == Op::min || f == Op::max)
        return arguments(start, 2, [&](int a, int b) { return builder_.extreme(f, a, b); });
      return arguments(start, 1, [&](int a, int) { return builder_.call(f, a); });
    }
    std::string const shown(name.substr(0, 30));
    fail(start, "unknown name '" + shown + "': use " + variables() +
                    ", pi, exp log sin cos tan sinh cosh tanh atan sqrt abs min max relu");
  }

  template <class F>
  int arguments(std::size_t start, int least, F make) {
    std::string const name(text_.substr(start, at_ - start));
    if (!accept('(')) expected("'(' after '" + name + "'");
    Depth const depth(*this, start);
    int a = sum();
    if (least == 1) {
      if (!accept(')')) expected("an operator or ')'");
      return build(start, [&] { return make(a, 0); });
    }
    if (!accept(',')) expected("an operator or ','");
    do {  // min and max take two arguments or more
      int const b = sum();
      a = build(start, [&] { return make(a, b); });
    } while (accept(','));
    if (!accept(')')) expected("an operator, ',' or ')'");
    return a;
  }

  std::string variables() const {
    return inputs_ == 1 ? "x" : inputs_ == 2 ? "x1, x2" : "x1 ... x" + std::to_string(inputs_);
  }

  struct Depth {
    Parser& parser;
    Depth(Parser& p, std::size_t position) : parser(p) {
      if (++parser.depth_ > deepest_expression) {
        --parser.depth_;
        parser.fail(position, "nested more than " + std::to_string(deepest_expression) + " deep");
      }
    }
    ~Depth() { --parser.depth_; }
    Depth(Depth const&) = delete;
    Depth& operator=(Depth const&) = delete;
  };

  std::string_view text_;
  int inputs_;
  Builder builder_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Program parse_program(std::string_view text, int inputs) {
  if (inputs < 1 || inputs > 100000)
    throw InvalidInput("an expression has 1 to 100000 inputs, not " + std::to_string(inputs));
  if (text.size() > longest_expression)
    throw InvalidInput("an expression has at most " + std::to_string(longest_expression) + " characters, not " +
                       std::to_string(text.size()));
  return Parser(text, inputs).parse();
}

}  // namespace nwidth::target
