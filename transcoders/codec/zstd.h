// Zstandard (RFC 8878) with and without a dictionary, on what is in memory as a whole.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ZSTD_CCtx_s;
struct ZSTD_CDict_s;
struct ZSTD_DDict_s;

namespace telepost::transcoders::codec {

// Immutable; any thread. Either a plain text of strings that occur often, or what finish_dictionary() made of one. What was
// compressed with it can be read with nothing else.
class Dictionary {
 public:
  static constexpr std::size_t kMaxBytes = 256u << 10;
  // Errors: invalid (it calls itself a finished dictionary and is none), too_large.
  static Result<std::shared_ptr<const Dictionary>> make(std::string bytes);
  ~Dictionary();
  const std::string& bytes() const { return bytes_; }

 private:
  friend class Compressor;
  friend Result<std::string> decompress(std::string_view, std::size_t, const Dictionary*);
  explicit Dictionary(std::string bytes);
  struct Free {
    void operator()(ZSTD_CDict_s* digested) const;
    void operator()(ZSTD_DDict_s* digested) const;
  };
  const std::string bytes_;
  std::unique_ptr<ZSTD_CDict_s, Free> for_writing_;
  std::unique_ptr<ZSTD_DDict_s, Free> for_reading_;
};

// One thread at a time. Keeps its working memory, up to 100 MiB after large texts, between calls.
class Compressor {
 public:
  // Levels of zstd: small texts are worth the most; where a megabyte of dense bytes gives nothing, a quick try has to say so.
  static constexpr int kHighest = 19;
  static constexpr int kQuick = 1;

  Compressor();
  ~Compressor();
  // `dictionary` may be nullptr; with one the level is the highest.
  std::string compress(std::string_view bytes, int level, const Dictionary* dictionary);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

// Exactly `size` bytes, and no memory beyond them. Errors: corrupt (no such frame, another size, another dictionary).
Result<std::string> decompress(std::string_view frame, std::size_t size, const Dictionary* dictionary);

// The text with the tables that suit the samples, so that a small text needs none of its own. Gives the text where the
// samples are too few for tables. The tables say how often bytes and lengths occur, and hold nothing of a sample.
std::string finish_dictionary(std::string_view text, const std::string& samples, const std::vector<std::size_t>& sizes);

}  // namespace telepost::transcoders::codec
