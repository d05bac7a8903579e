// Cuts a message into segments while it arrives: bodies of MIME parts of kSharedPartBytes and more into pieces of kPieceBytes from
// their begin, the rest into inline segments. Holds at most one open piece, the inline bytes (kMaxInlineBytes, beyond
// which inline runs become pieces too) and what take_pieces() has not taken yet.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "store/message_writer.h"
#include "store/pieces.h"
#include "transcoders/mime/scanner.h"

namespace telepost::store {

class SourceCutter {
 public:
  static constexpr std::size_t kMaxInlineBytes = 1u << 20;   // for one copy
  static constexpr std::size_t kAllCopiesBytes = 8u << 20;   // for all copies together, as far as kMinInlineBytes allows
  static constexpr std::size_t kMinInlineBytes = 32u << 10;

  // Every copy keeps the inline bytes for itself: the more there are, the sooner runs become pieces that all share.
  explicit SourceCutter(std::size_t copies = 1)
      : max_inline_bytes_(std::clamp(kAllCopiesBytes / std::max<std::size_t>(copies, 1), kMinInlineBytes, kMaxInlineBytes)) {}

  void write(std::string_view bytes);
  // `trace_block` comes before everything that was written.
  transcoders::mime::Structure finish(std::string_view trace_block);

  std::vector<Pieces::Bytes> take_pieces() { return std::exchange(pieces_, {}); }
  std::size_t piece_bytes_held() const { return piece_bytes_held_; }
  void pieces_written() { piece_bytes_held_ = 0; }
  std::size_t bytes_held() const { return buffer_.capacity() + inline_run_.capacity() + inline_held_ + piece_bytes_held_; }

  const Content& content() const { return content_; }  // complete after finish()
  const Digest& arrived_digest() const { return arrived_digest_; }
  std::uint64_t arrived_bytes() const { return scanner_.size_bytes(); }

 private:
  void cut_stretch(std::uint64_t end, bool leaf, bool closed);
  void take_inline(std::size_t size);
  void close_inline_run(bool as_piece);
  void add_piece(std::string bytes);

  const std::size_t max_inline_bytes_;
  transcoders::mime::Scanner scanner_;
  Sha256 arrived_;
  Digest arrived_digest_;
  std::string buffer_;             // arrived and not cut yet
  std::uint64_t buffer_begin_ = 0; // offset of its first byte
  std::string inline_run_;         // cut, not closed
  std::size_t inline_held_ = 0;    // of all closed inline segments
  Content content_;
  std::vector<Pieces::Bytes> pieces_;
  std::size_t piece_bytes_held_ = 0;
};

}  // namespace telepost::store
