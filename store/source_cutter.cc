#include "store/source_cutter.h"

#include "base/assert.h"

namespace telepost::store {
namespace mime = transcoders::mime;

void SourceCutter::write(std::string_view bytes) {
  // A string that doubles would hold two pieces' room for one.
  if (buffer_.size() > kPieceBytes / 4 && buffer_.capacity() < kPieceBytes) buffer_.reserve(kPieceBytes + kPieceBytes / 4);
  buffer_.append(bytes);
  arrived_.update(bytes);
  scanner_.feed(bytes);
  for (const mime::Stretch& stretch : scanner_.take_stretches()) cut_stretch(stretch.range.end(), stretch.leaf, true);
  const mime::OpenStretch open = scanner_.open_stretch();
  cut_stretch(open.safe_end, open.leaf, false);
}

// Everything before the buffer is cut, and the buffer begins inside the stretch that ends at `end` (so far, unless closed).
// Full pieces go; a tail waits until the stretch is closed, since a part's last piece is short.
void SourceCutter::cut_stretch(std::uint64_t end, bool leaf, bool closed) {
  std::uint64_t left = end - buffer_begin_;
  if (left >= kPieceBytes) close_inline_run(false);
  std::size_t taken = 0;
  for (; left >= kPieceBytes; left -= kPieceBytes, taken += kPieceBytes) add_piece(buffer_.substr(taken, kPieceBytes));
  buffer_.erase(0, taken);
  buffer_begin_ += taken;
  if (!closed) return;
  if (leaf && left >= kSharedPartBytes) {
    close_inline_run(false);
    add_piece(buffer_.substr(0, left));
    buffer_.erase(0, left);
    buffer_begin_ += left;
  } else {
    take_inline(left);
  }
}

void SourceCutter::take_inline(std::size_t size) {
  inline_run_.append(buffer_, 0, size);
  buffer_.erase(0, size);
  buffer_begin_ += size;
  if (inline_run_.size() >= max_inline_bytes_ / 2) close_inline_run(true);
}

void SourceCutter::close_inline_run(bool as_piece) {
  if (inline_run_.empty()) return;
  // The first run stays inline: the trace block is put before it.
  const bool crowded = inline_held_ + inline_run_.size() > max_inline_bytes_;
  if ((as_piece || crowded) && !content_.segments.empty()) {
    add_piece(std::exchange(inline_run_, {}));
    return;
  }
  content_.segments.push_back({inline_run_.size(), std::nullopt});
  inline_held_ += inline_run_.size();
  content_.inline_bytes.push_back(std::exchange(inline_run_, {}));
}

void SourceCutter::add_piece(std::string bytes) {
  const Digest digest = sha256(bytes);
  content_.segments.push_back({bytes.size(), digest});
  piece_bytes_held_ += bytes.size();
  pieces_.push_back({digest, std::move(bytes)});
}

mime::Structure SourceCutter::finish(std::string_view trace_block) {
  mime::Structure structure = scanner_.finish();
  for (const mime::Stretch& stretch : scanner_.take_stretches()) cut_stretch(stretch.range.end(), stretch.leaf, true);
  TELEPOST_ASSERT(buffer_.empty());
  close_inline_run(false);
  arrived_digest_ = arrived_.finish();
  if (trace_block.empty()) return structure;
  if (!content_.segments.empty() && !content_.segments.front().piece) {
    content_.inline_bytes.front().insert(0, trace_block);
    content_.segments.front().size += trace_block.size();
  } else {
    content_.segments.insert(content_.segments.begin(), schema::Segment{trace_block.size(), std::nullopt});
    content_.inline_bytes.insert(content_.inline_bytes.begin(), std::string(trace_block));
  }
  return structure;
}

}  // namespace telepost::store
