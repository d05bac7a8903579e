// The decoding table: one line for each layout of schema/keys.h.
#include <algorithm>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "schema/index_records.h"
#include "store/inspect_record.h"

namespace telepost::store {
namespace {

using schema::PartitionKind;

// A layout's parts, a letter each behind the first one of the key: number of 1, 4 or 8 bytes, their complement (~ of 8), time,
// ~time, order (a mailbox or one of the index), hexadecimal of 8 or 16 bytes, text to the end, word, partition, message or nothing.
struct Layout {
  PartitionKind kind;
  Space space;
  char letter;
  std::string_view layout;
  std::string_view parts;  // "4mailbox 4uid"
  Describe describe;
};

constexpr Layout kLayouts[] = {
    {PartitionKind::account, Space::point, 'A', "account", "", describe_account},
    {PartitionKind::account, Space::point, 'H', "head", "", describe_head},
    {PartitionKind::account, Space::point, 'B', "mailbox", "4mailbox", describe_mailbox},
    {PartitionKind::account, Space::point, 'F', "mailbox_name", "4parent sname", describe_mailbox_number},
    {PartitionKind::account, Space::point, 'K', "delivery_key", "Hkey", describe_delivery_key},
    {PartitionKind::account, Space::point, 'M', "message", "8local", describe_message},
    {PartitionKind::account, Space::point, 'I', "intent", "8local", describe_intent},
    {PartitionKind::account, Space::point, 'J', "job_name", "8job", describe_job_name},
    {PartitionKind::account, Space::point, 'T', "removal_lease", "", describe_lease},
    {PartitionKind::account, Space::point, 'U', "account_held", "8hold", describe_nothing},
    {PartitionKind::account, Space::point, 'L', "upload", "8upload", describe_upload},
    {PartitionKind::account, Space::point, 'W', "app_password", "Hname", describe_app_password},
    {PartitionKind::account, Space::point, 'E', "push_subscription", "8subscription", describe_push_subscription},
    {PartitionKind::account, Space::point, 'a', "second_factor", "", describe_second_factor},
    {PartitionKind::account, Space::point, 't', "token", "Hplace", describe_token},
    {PartitionKind::account, Space::point, 'D', "sender", "", describe_sender},
    {PartitionKind::account, Space::point, 'R', "vacation", "", describe_vacation},
    {PartitionKind::account, Space::point, 'R', "answered", "Hsender", describe_answered},
    {PartitionKind::account, Space::point, 'R', "rules", "1number", describe_rules},
    {PartitionKind::account, Space::point, 'Z', "contacts", "", describe_contacts},
    {PartitionKind::account, Space::scan, 'K', "card", "8card", describe_card},
    {PartitionKind::account, Space::scan, 'J', "card_by_uid", "Huid", describe_card_number},
    {PartitionKind::account, Space::scan, 'M', "card_change", "8modseq", describe_card_change},
    {PartitionKind::account, Space::point, 'O', "submission", "8local", describe_submission},
    {PartitionKind::account, Space::point, 'Q', "submitted_recipient", "8local 4number", describe_submitted_recipient},
    {PartitionKind::account, Space::point, 'V', "indexed_message", "8local", describe_indexed_message},
    {PartitionKind::account, Space::point, 'Y', "thread", "8thread", describe_thread},
    {PartitionKind::account, Space::point, 'N', "thread_by_id", "hhash", describe_thread_number},
    {PartitionKind::account, Space::point, 'P', "threads_by_partner", "hhash", describe_partner},
    {PartitionKind::account, Space::point, 'C', "order", "oorder", describe_order},
    {PartitionKind::account, Space::point, 'X', "recount", "", describe_recount},
    {PartitionKind::account, Space::point, 'X', "reindex", "1number", describe_reindex},
    {PartitionKind::account, Space::scan, 'N', "thread_change", "8modseq", describe_thread_change},
    {PartitionKind::account, Space::scan, 'O', "thread_gone", "8modseq", describe_thread_change},
    {PartitionKind::account, Space::point, 'G', "search", "", describe_search},
    {PartitionKind::account, Space::point, 'S', "searched_message", "8local", describe_searched_message},
    {PartitionKind::account, Space::scan, 'V', "search_documents", "4block", describe_search_documents},
    {PartitionKind::account, Space::scan, 'W', "postings", "wword 4last", describe_postings},
    {PartitionKind::account, Space::scan, 'S', "summary", "4mailbox 4uid", describe_summary},
    {PartitionKind::account, Space::scan, 'R', "received", "omailbox Ttime ~local", describe_uid},
    {PartitionKind::account, Space::scan, 'C', "block", "omailbox 1level Hupper", describe_block},
    {PartitionKind::account, Space::scan, 'Z', "kept", "tdeparted 8local", describe_kept},
    {PartitionKind::account, Space::scan, 'U', "parked", "tdeparted 8local", describe_kept},
    {PartitionKind::account, Space::scan, 'L', "change", "8modseq", describe_change},
    {PartitionKind::account, Space::scan, 'G', "gone", "8modseq", describe_change},
    {PartitionKind::account, Space::queue, 'D', "due", "ttime cwhat Hid", describe_digests},
    {PartitionKind::account, Space::queue, 'E', "cdr", "8hint 8sequence", describe_cdr},
    {PartitionKind::account, Space::queue, 'Y', "untouched", "ttouched 8local", describe_nothing},
    {PartitionKind::account, Space::large, 'X', "document", "8local", describe_size},
    {PartitionKind::account, Space::large, 'P', "segment", "8local 4index", describe_size},
    {PartitionKind::account, Space::large, 'U', "packed", "8local", describe_packed},
    {PartitionKind::account, Space::large, 'L', "upload_chunk", "8upload 4index", describe_size},
    {PartitionKind::account, Space::large, 'N', "annotation", "8local 8modseq", describe_size},
    {PartitionKind::piece, Space::point, 'H', "piece", "", describe_piece},
    {PartitionKind::piece, Space::point, 'O', "orphan", "", describe_orphan},
    {PartitionKind::piece, Space::large, 'B', "piece_bytes", "", describe_size},
    {PartitionKind::piece, Space::large, 'U', "packed_piece", "", describe_packed},
    {PartitionKind::piece, Space::scan, 'L', "link", "aaccount 8local", describe_link},
    {PartitionKind::directory, Space::point, 'A', "address", "saddress", describe_address},
    {PartitionKind::account_list, Space::scan, 'A', "listed_account", "aaccount", describe_listed},
    {PartitionKind::account_list, Space::point, 'P', "pushed_account", "aaccount", describe_nothing},
    {PartitionKind::calendar, Space::queue, 'T', "hint", "ttime ptarget mmessage", describe_messages},
    {PartitionKind::calendar, Space::point, 'C', "calendar_cursor", "", describe_hex},
    {PartitionKind::calendar, Space::point, 'L', "calendar_lease", "", describe_lease},
    {PartitionKind::audit, Space::queue, 'A', "audit", "8number", describe_audit},
    {PartitionKind::audit, Space::queue, 'V', "visit", "8number", describe_visit},
    {PartitionKind::calendar, Space::point, 'H', "holds_fence", "", describe_hex},
    {PartitionKind::cdr, Space::queue, 'C', "cdr_hint", "8hint", describe_account_number},
    {PartitionKind::queue, Space::point, 'J', "job", "8job", describe_job},
    {PartitionKind::queue, Space::queue, 'N', "job_of_network", "1network ttime 8job", describe_hex},
    {PartitionKind::queue, Space::queue, 'H', "held_job", "1network ttime 8job", describe_nothing},
    {PartitionKind::queue, Space::queue, 'D', "job_of_destination", "hdestination ttime 8job", describe_nothing},
    {PartitionKind::queue, Space::queue, 'U', "job_to_check", "ttime 8job", describe_nothing},
    {PartitionKind::dictionary, Space::point, 'H', "dictionaries", "", describe_dictionaries},
    {PartitionKind::dictionary, Space::point, 'D', "dictionary", "4number", describe_dictionary},
    {PartitionKind::dictionary, Space::large, 'B', "dictionary_bytes", "4number", describe_size},
    {PartitionKind::meta, Space::point, 'R', "redating", "", describe_redating},
    {PartitionKind::meta, Space::point, 'U', "begun_archive", "", describe_hex},
    {PartitionKind::meta, Space::point, 'V', "store", "", describe_store},
    {PartitionKind::meta, Space::point, 'H', "hold", "8hold", describe_hold},
    {PartitionKind::meta, Space::point, 'N', "holds_revision", "", describe_hex},
    {PartitionKind::meta, Space::scan, 'P', "account_under_hold", "8hold aaccount", describe_nothing},
};

std::string time_text(std::uint64_t stored) { return to_rfc3339(from_millis(static_cast<std::int64_t>(stored ^ (1ull << 63)))); }

// "7", "all", "threads of 7", "threads of all".
std::string order_text(schema::MailboxId order) {
  const bool of_threads = order.value & schema::keys::threads_of({0}).value;
  const schema::MailboxId listed{order.value & ~schema::keys::threads_of({0}).value};
  return (of_threads ? "threads of " : "") + (listed == schema::keys::kAllMail ? "all" : std::to_string(listed.value));
}

// By its size: words are content.
std::string word_text(ByteReader& reader) {
  const std::string_view word = reader.rest().substr(0, reader.rest().find('\0'));
  reader.raw(word.size() + 1);
  return std::to_string(word.size()) + " bytes";
}

// Nothing where the bytes do not have the part.
std::optional<std::string> part_text(char type, ByteReader& reader) {
  std::string text;
  switch (type) {
    case '1': text = std::to_string(reader.u8()); break;
    case '4': text = std::to_string(reader.u32()); break;
    case '8': text = std::to_string(reader.u64()); break;
    case 'o': text = order_text({reader.u32()}); break;
    case '~': text = std::to_string(~reader.u64()); break;
    case 't': text = time_text(reader.u64()); break;
    case 'T': text = time_text(~reader.u64()); break;
    case 'a': text = to_string(schema::AccountId{reader.u64()}); break;
    case 'c': text = std::string(1, static_cast<char>(reader.u8())); break;
    case 'h': text = to_hex(reader.raw(8)); break;
    case 'H': text = to_hex(reader.raw(16)); break;
    case 's': text = reader.raw(reader.rest().size()); break;
    case 'w': text = word_text(reader); break;
    case 'p': {
      std::string_view rest = reader.rest();
      const auto partition = schema::Partition::take_from(rest);
      if (!partition.ok()) return std::nullopt;
      reader.raw(reader.rest().size() - rest.size());
      text = partition->to_string();
      break;
    }
    case 'm': {
      if (reader.rest().empty()) break;
      const schema::AccountId account{reader.u64()};
      text = to_string(schema::MessageId{account, {reader.u64()}});
      break;
    }
    default: return std::nullopt;
  }
  if (reader.failed()) return std::nullopt;
  return text;
}

bool decode_key(const Layout& layout, std::string_view key, Fields& fields) {
  ByteReader reader(key.substr(1));
  for (std::string_view parts = layout.parts; !parts.empty();) {
    const std::string_view part = parts.substr(0, parts.find(' '));
    parts.remove_prefix(std::min(parts.size(), part.size() + 1));
    const std::optional<std::string> text = part_text(part[0], reader);
    if (!text) return false;
    fields.emplace_back(part.substr(1), *text);
  }
  return reader.done();
}

}  // namespace

Inspected inspect_record(PartitionKind kind, Space space, std::string_view key, std::string_view value) {
  Inspected inspected{space, std::string(key), "unknown", {}, {}};
  for (const Layout& layout : kLayouts) {
    if (layout.kind != kind || layout.space != space || key.empty() || key[0] != layout.letter) continue;
    Fields named, record;
    if (!decode_key(layout, key, named) || !layout.describe(value, record)) continue;
    inspected.layout = layout.layout;
    inspected.named = std::move(named);
    inspected.record = std::move(record);
    return inspected;
  }
  inspected.record.emplace_back("bytes", to_hex(value.substr(0, 4096)));
  return inspected;
}

}  // namespace telepost::store
