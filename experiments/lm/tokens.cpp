// SPDX-License-Identifier: Apache-2.0
#include "experiments/lm/tokens.hpp"

#include "experiments/lm/bytes.hpp"
#include "experiments/lm/ifs.hpp"
#include "experiments/lm/shards.hpp"
#include "experiments/lm/shared.hpp"
#include "theory/number/error.hpp"

namespace nwidth::lm {
namespace {

void require_vocabulary(Model const& model, std::int64_t least, std::string const& of) {
  if (model.vocabulary < least)
    throw InvalidInput("vocabulary = " + std::to_string(model.vocabulary) + ": allowed is at least " +
                       std::to_string(least) + " for " + of);
}

std::string key_of(Ifs const& ifs) {
  Config all;
  all.data.ifs = ifs;
  return to_toml(all);
}

}  // namespace

std::unique_ptr<TokenSource> open_tokens(Data const& data, Model const& model, Split split, std::uint64_t seed) {
  switch (data.stream) {
    case Stream::bytes: {
      require_vocabulary(model, 256, "a stream of bytes");
      ByteText const text = open_bytes(data, split);
      return std::make_unique<Windows>(text.files, text.part.first, text.part.last, model.context, split, seed);
    }
    case Stream::shards: {
      bool const own = !data.validation.empty();
      auto const shards = std::make_shared<Shards const>(
          split == Split::validation && own ? data.validation : data.train, data.suffixes, model.vocabulary);
      Part const part = own ? Part{0, shards->size()} : part_of(shards->size(), data.held_out, split);
      return std::make_unique<Windows>(shards, part.first, part.last, model.context, split, seed);
    }
    case Stream::ifs: {
      auto const law = shared<IfsLaw>(key_of(data.ifs), [&] { return std::make_shared<IfsLaw const>(data.ifs); });
      require_vocabulary(model, law->vocabulary(), "symbols^dimension addresses and the outputs");
      return std::make_unique<IfsStream>(law, model.context, split, seed);
    }
  }
  throw InvalidInput("no such stream of tokens");
}

}  // namespace nwidth::lm
