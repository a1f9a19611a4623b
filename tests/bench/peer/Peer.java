// The peer of the benchmark: a part of what tocsin does, written for Kafka Streams as one would write it there.
//
//     java -cp CLASSES:LIB/* Peer BROKERS APPLICATION_ID EVENTS AREAS OUTPUT STATE_FOLDER [CONFIGURATION=VALUE ...]
//
// From EVENTS (JSON as load.h makes it, keyed by customer) to transitions in OUTPUT, exactly once:
//
//   Persons   drops an event whose customer, id and time were seen within 7 days;
//             opens a case at the third complaint within 7 days, closes it 14 days after that last held (rules/person.yml's yellow);
//             opens a case when whoever has registered is not reconnected within the hour (rules/promise.yml's yellow), closes it
//             when they are;
//   Areas     counts complaints of a county and an hour of the clock, and warns of the fifth. Persons sends them through the topic
//             AREAS, keyed by county, as any repartition does.
//
// Time is that of the events. Timers are rows of a store, looked at every ten minutes of it; an event of the customer looks at its own
// at once, so that what is said does not depend on those ten minutes. tocsin does more: it finds an id again under another time, has
// more levels, counts different people in a sliding hour for counties, cities and provinces, and keeps dead letters.
//
// ../peer_run.py, for `./dev bench`, fetches the jars that the pom.xml beside it names, compiles and runs it.
//
// Each second a line on standard output: the state, records of EVENTS whose results are committed, complaints sent to AREAS, complaints
// counted there. SIGTERM commits and ends.

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.WindowStore;

public final class Peer {
    static final Duration WINDOW = Duration.ofDays(7);
    static final Duration KEEP_FIRING_FOR = Duration.ofDays(14);
    static final Duration PROMISE = Duration.ofHours(1);
    static final Duration HOUR = Duration.ofHours(1);
    static final Duration TIMERS_EVERY = Duration.ofMinutes(10);
    static final int COMPLAINTS = 3;
    static final int COMPLAINTS_OF_AREA = 5;
    static final int REMEMBERED_MAX = 256;  // complaints of one customer, as tocsin's storage.max_events
    static final byte[] NOTHING = new byte[0];

    static final LongAdder sent = new LongAdder();
    static final LongAdder counted = new LongAdder();

    // --- events ------------------------------------------------------------------------------------------------------

    record Event(String id, long time, String type, String customer, String area, boolean promises) {}

    static final class EventDeserializer implements Deserializer<Event> {
        private final JsonFactory json = new JsonFactory();

        @Override
        public Event deserialize(String topic, byte[] value) {
            String id = null, time = null, type = null, customer = null, area = null, result = null;
            boolean suspended = false;
            try (JsonParser parser = json.createParser(value)) {
                if (parser.nextToken() != JsonToken.START_OBJECT) throw new SerializationException("not an object");
                for (String name; (name = parser.nextFieldName()) != null;) {
                    parser.nextToken();
                    switch (name) {
                        case "id" -> id = parser.getText();
                        case "ts" -> time = parser.getText();
                        case "type" -> type = parser.getText();
                        case "customer" -> customer = parser.getText();
                        case "region" -> area = parser.getText();
                        case "result" -> result = parser.getText();
                        case "was_suspended" -> suspended = parser.getBooleanValue();
                        default -> parser.skipChildren();
                    }
                }
                if (id == null || type == null || customer == null) throw new SerializationException("a field is missing");
                return new Event(id, Instant.parse(time).toEpochMilli(), type, customer, area, suspended && "ok".equals(result));
            } catch (IOException | RuntimeException error) {
                throw new SerializationException("not an event", error);
            }
        }
    }

    // --- persons -----------------------------------------------------------------------------------------------------

    /** What is remembered of a customer; a time of 0 is none. */
    static final class Person {
        long[] complaints = {};  // ascending
        long caseOpened, quietFrom, promiseDue;
        boolean broken;

        static Person read(byte[] bytes) {
            ByteBuffer from = ByteBuffer.wrap(bytes);
            Person person = new Person();
            person.caseOpened = from.getLong();
            person.quietFrom = from.getLong();
            person.promiseDue = from.getLong();
            person.broken = from.get() != 0;
            person.complaints = new long[from.remaining() / Long.BYTES];
            from.asLongBuffer().get(person.complaints);
            return person;
        }

        byte[] written() {
            ByteBuffer to = ByteBuffer.allocate(3 * Long.BYTES + 1 + complaints.length * Long.BYTES);
            to.putLong(caseOpened).putLong(quietFrom).putLong(promiseDue).put((byte) (broken ? 1 : 0));
            to.asLongBuffer().put(complaints);
            return to.array();
        }

        /** Remembers a complaint and forgets what has left the window (t - 7 d, t] of the newest; how many are in it. */
        int complain(long time) {
            int all = complaints.length;
            long newest = all == 0 ? time : Math.max(time, complaints[all - 1]);
            long left = newest - WINDOW.toMillis();
            int keep = 0;
            while (keep < all && complaints[keep] <= left) ++keep;
            keep = Math.max(keep, all - REMEMBERED_MAX + 1);
            if (time <= left) return all - keep;
            int at = all;
            while (at > keep && complaints[at - 1] > time) --at;
            long[] next = new long[all - keep + 1];
            System.arraycopy(complaints, keep, next, 0, at - keep);
            next[at - keep] = time;
            System.arraycopy(complaints, at, next, at - keep + 1, all - at);
            complaints = next;
            return next.length;
        }

        /** The instant at which the case is to be closed if nothing happens. */
        long closing() {
            return quietFrom + KEEP_FIRING_FOR.toMillis();
        }
    }

    static final class PersonSerde extends Serdes.WrapperSerde<Person> {
        PersonSerde() {
            super((topic, person) -> person == null ? null : person.written(),
                  (topic, bytes) -> bytes == null ? null : Person.read(bytes));
        }
    }

    static final class Persons implements Processor<String, Event, String, Object> {
        private static final byte CASE = 0, A_PROMISE = 1;  // what a timer is about
        private static final int TIMER_BYTES = Long.BYTES + 1;

        private ProcessorContext<String, Object> context;
        private WindowStore<String, byte[]> seen;
        private KeyValueStore<String, Person> persons;
        private KeyValueStore<Bytes, byte[]> timers;  // due, what, customer -> nothing
        private long timersFrom = 0;                  // no timer is due before

        @Override
        public void init(ProcessorContext<String, Object> with) {
            context = with;
            seen = context.getStateStore("seen");
            persons = context.getStateStore("persons");
            timers = context.getStateStore("timers");
            context.schedule(TIMERS_EVERY, PunctuationType.STREAM_TIME, this::fire);
        }

        @Override
        public void process(Record<String, Event> record) {
            Event event = record.value();
            // One look into one segment; to find an id under another time as well would take a search of them all.
            String once = event.customer() + '/' + event.id();
            if (seen.fetch(once, event.time()) != null) return;
            seen.put(once, NOTHING, event.time());
            switch (event.type()) {
                case "complaint" -> complained(event);
                case "registration" -> registered(event);
                case "reconnection" -> reconnected(event);
                default -> { }
            }
        }

        /** The customer, with all that was due before this instant. */
        private Person at(String customer, long time) {
            Person person = persons.get(customer);
            if (person == null) return new Person();
            if (person.caseOpened != 0 && person.closing() < time) close(customer, person);
            if (person.promiseDue != 0 && !person.broken && person.promiseDue < time) breakPromise(customer, person);
            return person;
        }

        private void complained(Event event) {
            Person person = at(event.customer(), event.time());
            int n = person.complain(event.time());
            if (n >= COMPLAINTS) {
                person.quietFrom = Math.max(person.quietFrom, person.complaints[n - COMPLAINTS] + WINDOW.toMillis());
                if (person.caseOpened == 0) {
                    person.caseOpened = event.time();
                    say("high_frequency", event.customer(), "opened", event.time(), event.time());
                    arm(person.closing(), CASE, event.customer());
                }
            }
            persons.put(event.customer(), person);
            if (event.area() != null) {
                sent.increment();
                context.forward(new Record<>(event.area(), NOTHING, event.time()), "to-areas");
            }
        }

        private void registered(Event event) {
            if (!event.promises()) return;
            Person person = at(event.customer(), event.time());
            if (person.promiseDue == 0) {
                person.promiseDue = event.time() + PROMISE.toMillis();
                arm(person.promiseDue, A_PROMISE, event.customer());
            }
            persons.put(event.customer(), person);
        }

        private void reconnected(Event event) {
            Person person = at(event.customer(), event.time());
            if (person.promiseDue == 0) return;
            if (person.broken) say("registered_not_reconnected", event.customer(), "closed", event.time(), person.promiseDue);
            if (!person.broken) timers.delete(timer(person.promiseDue, A_PROMISE, event.customer()));
            person.promiseDue = 0;
            person.broken = false;
            persons.put(event.customer(), person);
        }

        private void close(String customer, Person person) {
            say("high_frequency", customer, "closed", person.closing(), person.caseOpened);
            person.caseOpened = person.quietFrom = 0;
        }

        private void breakPromise(String customer, Person person) {
            say("registered_not_reconnected", customer, "opened", person.promiseDue, person.promiseDue);
            timers.delete(timer(person.promiseDue, A_PROMISE, customer));
            person.broken = true;
        }

        private void fire(long now) {
            List<Bytes> due = new ArrayList<>();
            try (KeyValueIterator<Bytes, byte[]> rows = timers.range(timer(timersFrom, CASE, ""), timer(now, CASE, ""))) {
                while (rows.hasNext()) due.add(rows.next().key);
            }
            timersFrom = now;
            for (Bytes key : due) {
                String customer = new String(key.get(), TIMER_BYTES, key.get().length - TIMER_BYTES, StandardCharsets.UTF_8);
                timers.delete(key);
                Person person = at(customer, now);
                // Further complaints keep a case open, and leave its timer where it was.
                if (person.caseOpened != 0 && key.get()[Long.BYTES] == CASE) arm(person.closing(), CASE, customer);
                persons.put(customer, person);
            }
        }

        private void arm(long due, byte what, String customer) {
            timers.put(timer(due, what, customer), NOTHING);
            timersFrom = Math.min(timersFrom, due);
        }

        private static Bytes timer(long due, byte what, String customer) {
            byte[] name = customer.getBytes(StandardCharsets.UTF_8);
            return Bytes.wrap(ByteBuffer.allocate(TIMER_BYTES + name.length).putLong(due).put(what).put(name).array());
        }

        private void say(String rule, String customer, String transition, long at, long opened) {
            context.forward(new Record<>(customer, transition(rule, "customer", customer, transition, at, opened), at), "output");
        }
    }

    /** Names and areas of the load need no escapes. */
    static String transition(String rule, String label, String subject, String transition, long at, long opened) {
        return "{\"id\":\"" + rule + '/' + subject + '/' + opened + "\",\"rule\":\"" + rule + "\",\"" + label + "\":\"" + subject
            + "\",\"transition\":\"" + transition + "\",\"at\":\"" + Instant.ofEpochMilli(at) + "\"}";
    }

    // --- areas -------------------------------------------------------------------------------------------------------

    static final class Areas implements Processor<String, byte[], String, Object> {
        private ProcessorContext<String, Object> context;
        private WindowStore<String, Integer> cells;

        @Override
        public void init(ProcessorContext<String, Object> with) {
            context = with;
            cells = context.getStateStore("cells");
        }

        @Override
        public void process(Record<String, byte[]> record) {
            counted.increment();
            long hour = record.timestamp() - record.timestamp() % HOUR.toMillis();
            Integer before = cells.fetch(record.key(), hour);
            int n = before == null ? 1 : before + 1;
            cells.put(record.key(), n, hour);
            if (n != COMPLAINTS_OF_AREA) return;
            String said = transition("area_surge", "area", record.key(), "opened", record.timestamp(), hour);
            context.forward(new Record<>(record.key(), said, record.timestamp()), "output-of-areas");
        }
    }

    // --- the job -----------------------------------------------------------------------------------------------------

    static <V> StoreBuilder<WindowStore<String, V>> windows(String name, Duration retention, Duration window, Serde<V> values) {
        return Stores.windowStoreBuilder(Stores.persistentWindowStore(name, retention, window, false), Serdes.String(), values);
    }

    static <K, V> StoreBuilder<KeyValueStore<K, V>> rows(String name, Serde<K> keys, Serde<V> values) {
        return Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(name), keys, values).withCachingEnabled();
    }

    static Topology topology(String events, String areas, String output) {
        Serde<String> text = Serdes.String();
        Serde<byte[]> bytes = Serdes.ByteArray();
        return new Topology()
            .addSource(AutoOffsetReset.earliest(), "events", (record, before) -> ((Event) record.value()).time(), text.deserializer(),
                new EventDeserializer(), events)
            .addProcessor("persons", Persons::new, "events")
            // Each id is written once and hardly ever read again: a cache before it would only be in the way.
            .addStateStore(windows("seen", WINDOW, Duration.ofMillis(1), bytes), "persons")
            .addStateStore(rows("persons", text, new PersonSerde()), "persons")
            .addStateStore(rows("timers", Serdes.Bytes(), bytes), "persons")
            .addSink("output", output, text.serializer(), text.serializer(), "persons")
            .addSink("to-areas", areas, text.serializer(), bytes.serializer(), "persons")
            .addSource(AutoOffsetReset.earliest(), "from-areas", text.deserializer(), bytes.deserializer(), areas)
            .addProcessor("areas", Areas::new, "from-areas")
            // Kept as long as ids are, though two hours would do: a segment is half of it long, and is a database of its own, to be
            // opened and closed. With two hours the job did hardly anything else.
            .addStateStore(windows("cells", WINDOW, HOUR, Serdes.Integer()).withCachingEnabled(), "areas")
            .addSink("output-of-areas", output, text.serializer(), text.serializer(), "areas");
    }

    static Properties configuration(String[] arguments) {
        Properties configuration = new Properties();
        configuration.putAll(Map.of(
            StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0],
            StreamsConfig.APPLICATION_ID_CONFIG, arguments[1],
            StreamsConfig.STATE_DIR_CONFIG, arguments[5],
            StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2,
            StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueExceptionHandler.class,
            StreamsConfig.producerPrefix("compression.type"), "lz4"));
        for (String setting : Arrays.asList(arguments).subList(6, arguments.length)) {
            int equals = setting.indexOf('=');
            configuration.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        return configuration;
    }

    static long committed(KafkaStreams streams, String topic) {
        return streams.metadataForLocalThreads().stream()
            .flatMap(thread -> thread.activeTasks().stream())
            .flatMap(task -> task.committedOffsets().entrySet().stream())
            .filter(entry -> entry.getKey().topic().equals(topic))
            .mapToLong(entry -> Math.max(0, entry.getValue()))
            .sum();
    }

    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length < 6) {
            System.err.println("Peer BROKERS APPLICATION_ID EVENTS AREAS OUTPUT STATE_FOLDER [CONFIGURATION=VALUE ...]");
            System.exit(2);
        }
        KafkaStreams streams = new KafkaStreams(topology(arguments[2], arguments[3], arguments[4]), configuration(arguments));
        streams.setUncaughtExceptionHandler(error -> StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofMinutes(1))));
        streams.start();
        for (; streams.state() != KafkaStreams.State.ERROR; Thread.sleep(1000)) {
            System.out.println(streams.state() + " " + committed(streams, arguments[2]) + " " + sent.sum() + " " + counted.sum());
        }
        System.exit(1);
    }
}
