// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
package interop;

import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A real program on the official Durable Task SDK for Java, against a server that was not made for
 * it.
 *
 * <pre>
 * list                         the names of the scenarios
 * HOST:PORT SCENARIO           run one scenario; status 0: all was as expected
 * HOST:PORT worker             serve the load until killed; a line once it works
 * HOST:PORT load SECONDS WIDE  give load, and print what became of it as JSON
 * </pre>
 */
public final class Main {
    /** One scenario. */
    interface Scenario {
        void run(World world) throws Exception;
    }

    // Kept here: what nobody refers to loses its level.
    private static final Logger LOGGER = Logger.getLogger("");

    private static Map<String, Scenario> scenarios() {
        Map<String, Scenario> all = new TreeMap<>();
        Patterns.addTo(all);
        Control.addTo(all);
        Faults.addTo(all);
        return all;
    }

    public static void main(String[] arguments) {
        LOGGER.setLevel(Level.OFF); // what matters is in the outcome
        Map<String, Scenario> all = scenarios();
        if (arguments.length == 1 && arguments[0].equals("list")) {
            all.keySet().forEach(System.out::println);
            return;
        }
        if (arguments.length < 2) {
            System.err.println("list | HOST:PORT SCENARIO|worker|load SECONDS WIDE");
            System.exit(2);
        }
        World world = new World(arguments[0], null);
        Scenario scenario = all.get(arguments[1]);
        if (arguments[1].equals("worker")) {
            scenario = Load::work;
        } else if (arguments[1].equals("load")) {
            scenario = it -> Load.give(
                    it, Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
        }
        if (scenario == null) {
            System.err.println("no such scenario: " + arguments[1]);
            System.exit(2);
        }
        try {
            scenario.run(world);
        } catch (Throwable error) {
            error.printStackTrace();
            System.exit(1);
        }
        System.exit(0); // workers have threads that do not end
    }

    private Main() {}
}
