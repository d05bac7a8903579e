// Makes what an account stores smaller without anybody seeing it: documents with their inline segments, and shared pieces,
// each replaced by coded bytes (transcoders/codec/coded.h) in the batch that takes the others away. Nothing is replaced where it
// would not save. Readers find the one or the other (store/stored_content.h); ids, sizes, quota and modseq stay.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/message_records.h"
#include "store/engine/engine.h"
#include "transcoders/codec/coded.h"

namespace telepost::store {

struct Rooms;
class AccountWrite;

struct Packed {
  std::uint64_t messages = 0;     // whose content or pieces became smaller
  std::uint64_t bytes_freed = 0;
  std::map<schema::LocalId, Error> damaged;  // stored damage kept them as they are
};

class Packing {
 public:
  Packing(Rooms& rooms, schema::AccountId account) : rooms_(rooms), account_(account) {}

  // Packs these messages, as far as they are there, online and not packed yet. May block for long and takes the account's lock only to
  // put its results in place; safe to repeat. Errors: io, cancelled (the store is being closed).
  Result<Packed> pack(const std::vector<schema::LocalId>& messages);

 private:
  // A message's content ready to be put in place, unless the message changed meanwhile.
  struct Content {
    schema::LocalId local;
    schema::MessageRecord seen;
    std::string coded;
    std::uint32_t dictionary;
    std::uint64_t raw_bytes;
  };
  struct Piece {
    CommitEntry entry;
    std::uint64_t bytes_freed;
  };
  Result<void> prepare(schema::LocalId local);
  Result<void> prepare(const PartitionReader& reader, schema::LocalId local, const schema::MessageRecord& record);
  Result<void> prepare_content(const PartitionReader& reader, schema::LocalId local, const schema::MessageRecord& record);
  Result<void> prepare_pieces(const schema::MessageRecord& record);
  Result<std::optional<Piece>> prepare_piece(const Digest& digest, std::string_view bytes, const transcoders::codec::CodingFacts& facts);
  std::optional<std::string> coded_text(std::string_view text, const transcoders::codec::CodingFacts& facts);
  Result<void> put_in_place();
  Result<std::uint64_t> put_in_place(AccountWrite& write, const Content& content);
  Result<void> put_pieces_in_place();
  Result<void> put_content_in_place();

  Rooms& rooms_;
  const schema::AccountId account_;
  transcoders::codec::Compressor compressor_;
  std::vector<Content> contents_;
  std::vector<Piece> pieces_;
  std::size_t held_bytes_ = 0;
  Packed done_;
};

}  // namespace telepost::store
