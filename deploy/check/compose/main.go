// Loads a Compose file as `docker compose` does (schema, interpolation, anchors, profiles, references between services)
// and says which services each profile has: `go run . ../../../docker-compose.yml single services`.
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	file, profiles := os.Args[1], append([]string{""}, os.Args[2:]...)
	for _, profile := range profiles {
		services, err := servicesOf(file, profile)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s, profile %q: %v\n", file, profile, err)
			os.Exit(1)
		}
		fmt.Printf("%-10s %s\n", profile, strings.Join(services, " "))
	}
}

// The names of a profile's services; without one, of those that COMPOSE_PROFILES in .env names.
func servicesOf(file, profile string) ([]string, error) {
	var profiles []string
	if profile != "" {
		profiles = []string{profile}
	}
	options, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv, cli.WithEnvFiles(), cli.WithDotEnv,
		cli.WithDefaultProfiles(profiles...))
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return nil, err
	}
	names := project.ServiceNames()
	if len(names) == 0 {
		return nil, fmt.Errorf("it has no services")
	}
	sort.Strings(names)
	return names, nil
}
