// The outbox: what is to be sent, whatever the network, and what an operator does about it.
#include <charconv>

#include "adapters/admin/commands.h"
#include "adapters/admin/operator_act.h"
#include "base/bytes.h"
#include "schema/job_records.h"
#include "schema/mail_job.h"
#include "store/outbox.h"
#include "store/submission.h"

namespace telepost::adapters::admin {
namespace {

using schema::JobRecord;
using schema::Network;

constexpr std::size_t kAtOnce = 100;  // each with up to 64 KiB of payload

Result<std::uint64_t> job_named(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error == std::errc() && end == text.data() + text.size()) return id;
  return {Errc::not_found, "no send job '" + std::string(text.substr(0, 40)) + "'"};
}

std::string_view state_of(const JobRecord& job) {
  if (job.state == JobRecord::State::claimed) return "sending";
  return job.held ? "held" : "waiting";
}

// Of a job or of a submission: before the first word there is none.
template <typename Recipient>
Json to_json(const Recipient& recipient) {
  Json object = {{"address", recipient.address}, {"state", schema::name_of(recipient.state)}};
  if (recipient.reply.empty()) return object;
  object["reply"] = recipient.reply;
  if (!recipient.remote.empty()) object["remote"] = recipient.remote;
  object["when"] = to_rfc3339(recipient.when);
  return object;
}

Json to_json(const store::Job& job) {
  const JobRecord& record = job.record;
  Json object = {{"id", std::to_string(job.id)},
                 {"network", schema::name_of(record.network)},
                 {"destination", record.destination},
                 {"state", state_of(record)},
                 {"held", record.held},
                 {"account", schema::to_string(record.account)},
                 {"created", to_rfc3339(record.created)},
                 {"attempts", record.attempts},
                 {"next_attempt", to_rfc3339(record.next_attempt)},
                 {"reason", record.reason}};
  if (record.message.value != 0) object["message"] = schema::to_string(schema::MessageId{record.account, record.message});
  if (record.expires) object["expires"] = to_rfc3339(*record.expires);
  const auto mail = record.network == Network::mail ? schema::decode_MailJob(record.payload) : Result<schema::MailJob>(Errc::unsupported, "");
  if (!mail.ok()) return object;
  object["from"] = mail->from;
  object["size"] = mail->content_size;
  object["report"] = mail->report;
  object["recipients"] = Json::array();
  for (const schema::MailRecipient& recipient : mail->to) {
    object["recipients"].push_back(to_json(recipient));
  }
  return object;
}

struct Wanted {
  store::JobFilter filter;
  std::string state;  // "" : any
  bool matches(const store::Job& job) const { return state.empty() || state_of(job.record) == state; }
  bool any() const { return !filter.network && !filter.destination && !filter.account && state.empty(); }
};

Result<Wanted> read_filter(store::Store& store, Arguments& args) {
  Wanted wanted;
  TELEPOST_ASSIGN(const std::string network, args.text_or("network", ""));
  TELEPOST_ASSIGN(wanted.filter.destination, args.optional_text("destination"));
  if (wanted.filter.destination) wanted.filter.destination = to_lower(*wanted.filter.destination);  // as jobs have it
  TELEPOST_ASSIGN(const std::string account, args.text_or("account", ""));
  TELEPOST_ASSIGN(wanted.state, args.text_or("state", ""));
  for (const Network each : {Network::mail, Network::sms, Network::mms, Network::fax, Network::call, Network::push, Network::webhook}) {
    if (network == schema::name_of(each)) wanted.filter.network = each;
  }
  if (!network.empty() && !wanted.filter.network) return {Errc::invalid, "network wants mail, sms, mms, fax, call, push or webhook"};
  if (!wanted.state.empty() && wanted.state != "waiting" && wanted.state != "held" && wanted.state != "sending") {
    return {Errc::invalid, "state wants waiting, held or sending"};
  }
  if (!account.empty()) {
    TELEPOST_ASSIGN(wanted.filter.account, account_named(store, account));
  }
  return wanted;
}

// The ids that are given, or with `all` those that the filter leaves.
Result<std::vector<std::uint64_t>> chosen(store::Store& store, Arguments& args) {
  TELEPOST_ASSIGN(const std::vector<std::string> given, args.texts("ids"));
  TELEPOST_ASSIGN(const bool all, args.flag("all"));
  TELEPOST_ASSIGN(const Wanted wanted, read_filter(store, args));
  TELEPOST_TRY(args.done());
  if (all != given.empty()) return {Errc::invalid, "name jobs by their ids, or take all with a filter or without one"};
  if (!all && !wanted.any()) return {Errc::invalid, "a filter goes with all, not with ids"};
  std::vector<std::uint64_t> ids;
  for (const std::string& text : given) {
    TELEPOST_ASSIGN(const std::uint64_t id, job_named(text));
    ids.push_back(id);
  }
  if (all) {
    TELEPOST_TRY(store.outbox().list(wanted.filter, 0, ~std::size_t{0}, [&](const store::Job& job) {
      if (wanted.matches(job)) ids.push_back(job.id);
      return true;
    }));
  }
  return ids;
}

// What is gone or being sent by now is left out where all were asked for, and told where it was named.
template <typename Change>
Result<void> change_jobs(store::Store& store, Arguments& args, Exchange& exchange, std::string_view name, Change change) {
  TELEPOST_ASSIGN(const bool all, args.flag("all"));
  TELEPOST_ASSIGN(const std::vector<std::uint64_t> ids, chosen(store, args));
  std::uint64_t changed = 0, left = 0;
  for (const std::uint64_t id : ids) {
    const Result<void> done = change(id);
    const bool passed_over = !done.ok() && all && (done.error().kind == Errc::not_found || done.error().kind == Errc::busy);
    if (!done.ok() && !passed_over) return done;
    ++(passed_over ? left : changed);
  }
  return exchange.object({{"done", name}, {"jobs", changed}, {"left_out", left}});
}

Result<void> end_sending(store::Store& store, std::uint64_t id) {
  TELEPOST_ASSIGN(const store::Job job, store.outbox().show(id));
  TELEPOST_TRY(record_act(store, schema::AuditRecord::Action::sending_ended, job.record.account, "job " + std::to_string(id) + " to " + job.record.destination,
                          {job.record.message}));
  return store.submission().remove(id, "removed from the queue by an operator");
}

}  // namespace

Result<void> list_queue(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::uint64_t limit, args.number_or("limit", 100));
  TELEPOST_ASSIGN(const std::string after_text, args.text_or("after", "0"));
  TELEPOST_ASSIGN(const Wanted wanted, read_filter(store, args));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(std::uint64_t after, job_named(after_text));
  // A page of jobs at a time: the answer goes out while no read of the engine is under way.
  for (std::uint64_t given = 0; limit == 0 || given < limit;) {
    std::vector<store::Job> page;
    TELEPOST_TRY(store.outbox().list(wanted.filter, after, kAtOnce, [&page](const store::Job& job) {
      page.push_back(job);
      return true;
    }));
    for (const store::Job& job : page) {
      after = job.id;
      if (!wanted.matches(job) || (limit != 0 && given >= limit)) continue;
      ++given;
      TELEPOST_TRY(exchange.object(to_json(job)));
    }
    if (page.size() < kAtOnce) break;
  }
  return {};
}

// A job by its number, or what became of every recipient of a message that was handed in.
Result<void> show_queue(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string id, args.text("id"));
  TELEPOST_TRY(args.done());
  const auto message = schema::message_id_from(id);
  if (!message.ok()) {
    TELEPOST_ASSIGN(const std::uint64_t number, job_named(id));
    TELEPOST_ASSIGN(const store::Job job, store.outbox().show(number));
    return exchange.object(to_json(job));
  }
  TELEPOST_ASSIGN(const store::SubmissionState state, store.submission().show(*message));
  Json object = {{"message", id},
                 {"from", state.record.from},
                 {"created", to_rfc3339(state.record.created)},
                 {"open", state.record.open},
                 {"canceled", state.record.canceled}};
  if (state.record.final) object["final"] = to_rfc3339(*state.record.final);
  object["recipients"] = Json::array();
  for (const schema::SubmittedRecipientRecord& recipient : state.to) {
    Json one = to_json(recipient);
    if (recipient.job != 0) one["job"] = std::to_string(recipient.job);
    object["recipients"].push_back(std::move(one));
  }
  return exchange.object(object);
}

Result<void> hold_queue(store::Store& store, Arguments& args, Exchange& exchange) {
  return change_jobs(store, args, exchange, "held", [&store](std::uint64_t id) { return store.outbox().hold(id); });
}
Result<void> release_queue(store::Store& store, Arguments& args, Exchange& exchange) {
  return change_jobs(store, args, exchange, "released", [&store](std::uint64_t id) { return store.outbox().release(id); });
}
Result<void> retry_queue(store::Store& store, Arguments& args, Exchange& exchange) {
  return change_jobs(store, args, exchange, "retried", [&store](std::uint64_t id) { return store.outbox().retry(id); });
}
Result<void> delete_queue(store::Store& store, Arguments& args, Exchange& exchange) {
  return change_jobs(store, args, exchange, "deleted",
                     [&store](std::uint64_t id) { return end_sending(store, id); });
}

}  // namespace telepost::adapters::admin
