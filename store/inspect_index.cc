// The records of the account's indexes, by field.
#include "base/bytes.h"
#include "schema/index_records.h"
#include "schema/reindex_record.h"
#include "schema/search_records.h"
#include "store/describer.h"
#include "store/inspect_record.h"

namespace telepost::store {
bool describe_uid(std::string_view bytes, Fields& fields) {
  if (bytes.empty()) return true;
  if (bytes.size() == 4) Describer(fields).number("uid", ByteReader(bytes).u32());
  return bytes.size() == 4;
}

bool describe_indexed_message(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_IndexedMessageRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("thread", r->thread.value);
  if (r->gone) fields.emplace_back("gone", "true");
  return true;
}

bool describe_thread(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_ThreadRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("created", r->created.value);
  Describer(fields).number("modseq", r->modseq.value);
  Describer(fields).number("joined", r->joined);
  Describer(fields).number("ids", r->ids.size());
  Describer(fields).list("messages", r->members, [](const schema::ThreadRecord::Member& member) { return std::to_string(member.local.value); });
  return true;
}

bool describe_thread_number(std::string_view bytes, Fields& fields) {
  if (bytes.size() == 8) Describer(fields).number("thread", ByteReader(bytes).u64());
  return bytes.size() == 8;
}

bool describe_partner(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_PartnerRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).list("threads", r->threads, [](const schema::PartnerRecord::Open& open) { return std::to_string(open.thread.value); });
  return true;
}

bool describe_order(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_OrderRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("messages", r->messages);
  Describer(fields).number("unread", r->unread);
  Describer(fields).number("modseq", r->modseq.value);
  Describer(fields).number("front_block_messages", r->front.block_messages);
  Describer(fields).number("front_group_messages", r->front.group_messages);
  Describer(fields).number("front_group_blocks", r->front.group_blocks);
  return true;
}

bool describe_reindex(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_ReindexRecord(bytes);
  if (!r.ok()) return false;
  if (r->threads.is_due) Describer(fields).number("erasing_threads", r->threads.range);
  if (r->words.is_due) Describer(fields).number("erasing_words", r->words.range);
  Describer(fields).number("threads_since", r->threads_since.value);
  return true;
}

bool describe_recount(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_RecountRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("trash", r->trash.value);
  fields.emplace_back("after", to_hex(r->after));
  return true;
}

bool describe_thread_change(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_ThreadChangeRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("thread", r->thread.value);
  Describer(fields).number("created", r->created.value);
  return true;
}

bool describe_search(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_SearchRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("position", r->position).number("next", r->next).number("live", r->live).number("dead", r->dead)
      .number("added", r->added).number("pass", r->pass);
  return true;
}

bool describe_searched_message(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_SearchedMessageRecord(bytes);
  if (!r.ok()) return false;
  Describer(fields).number("number", r->number).number("annotated", r->annotated).number("words", r->words);
  return true;
}

bool describe_search_documents(std::string_view bytes, Fields& fields) {
  const auto r = schema::decode_SearchDocuments(bytes);
  if (!r.ok()) return false;
  Describer(fields).list("messages", r->list, [](const schema::SearchDocuments::One& one) { return std::to_string(one.local.value); });
  return true;
}

bool describe_postings(std::string_view bytes, Fields& fields) {
  ByteReader reader(bytes);
  const bool is_known = reader.u8() == 1;
  Describer(fields).number("postings", reader.varint()).number("size", bytes.size());
  return is_known && !reader.failed();
}

}  // namespace telepost::store
