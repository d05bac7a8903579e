#include "schema/job_records.h"

#include "schema/record_codec.h"

namespace telepost::schema {

std::string_view name_of(Network network) {
  switch (network) {
    case Network::mail: return "mail";
    case Network::sms: return "sms";
    case Network::mms: return "mms";
    case Network::fax: return "fax";
    case Network::call: return "call";
    case Network::push: return "push";
    case Network::webhook: return "webhook";
  }
  return "unknown";
}

std::string encode(const JobRecord& r) {
  Encoder out;
  out.number(r.state).number(r.held).number(r.network).text(r.destination).number(r.account).number(r.message)
      .number(r.attempts).time(r.created).time(r.next_attempt).number(r.expires.has_value());
  if (r.expires) out.time(*r.expires);
  return out.text(r.lease_owner).number(r.lease_epoch).time(r.lease_until).text(r.reason).text(r.payload).take();
}
Result<JobRecord> decode_JobRecord(std::string_view bytes) {
  JobRecord r;
  Decoder in(bytes, "job");
  bool expires = false;
  in.choice(r.state, JobRecord::State::waiting, JobRecord::State::claimed).number(r.held)
      .choice(r.network, Network::mail, Network::webhook).text(r.destination).number(r.account).number(r.message)
      .number(r.attempts).time(r.created).time(r.next_attempt).number(expires);
  if (expires) in.time(r.expires.emplace());
  in.text(r.lease_owner).number(r.lease_epoch).time(r.lease_until).text(r.reason).text(r.payload);
  return in.finish(std::move(r));
}

std::string encode(const JobNameRecord& r) { return Encoder().text(r.destination).take(); }
Result<JobNameRecord> decode_JobNameRecord(std::string_view bytes) {
  JobNameRecord r;
  Decoder in(bytes, "job name");
  in.text(r.destination);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
