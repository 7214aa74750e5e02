/** Invented raw material for populations: common names and words, nobody in particular. */

export const FIRST_NAMES = (
  'Ada Adam Aisha Alba Alex Amara Amelia Amir Ana André Anita Anton Aria Arjun Astrid Ava Beatriz Ben Björn Bruno Camila Carla Carlos ' +
  'Chen Chloé Clara Dana Daniel Dario David Deepa Diego Dina Dmitri Edith Elena Eli Elif Emil Emma Erik Esther Eva Fatima Felix Fiona ' +
  'Frida Gabriel Gita Goran Grace Greta Hana Hannah Hugo Ibrahim Ida Igor Inês Ingrid Irene Isaac Ivan Jack Jana Jasmin Jens Joana Jonas ' +
  'José Julia Jürgen Kai Karin Karim Katya Kenji Kofi Lara Lars Laura Leila Lena Leo Liam Lina Linh Luca Lucía Luis Maja Malik Mara Marco ' +
  'Maria Marie Mark Marta Mateo Maya Mei Mia Miguel Mika Milan Mina Mira Mohamed Mona Nadia Naomi Nina Noah Nora Oda Olga Oliver Omar ' +
  'Oscar Paula Pedro Petra Pia Priya Rafael Ravi Rebecca René Rita Rosa Ruth Said Sam Samira Sara Sean Selma Simon Sofia Sören Stella Sven ' +
  'Tara Tariq Theo Tim Tomás Uma Vera Victor Viola Wei Yara Yasmin Yuki Yusuf Zara Zoë'
).split(' ');

export const LAST_NAMES = (
  'Abbott Acosta Adler Ahmed Almeida Andersen Arslan Bauer Becker Bennett Berg Bianchi Blanc Bondarenko Brandt Bravo Brooks Brown Calder Campos ' +
  'Carvalho Castro Chang Chaudhry Cohen Conti Costa Cruz Dahl Daly Delgado Desai Diallo Dietrich Doyle Dubois Duran Eder Egger Eriksen ' +
  'Farkas Farouk Faure Fernández Ferrari Fischer Fontaine Foster Franke Fuchs Gallo García Gupta Haas Hagen Hansen Hartmann Hassan Herrera ' +
  'Hoffmann Holm Horvat Huang Hughes Ito Ivanova Jansen Jensen Jovanović Kapoor Kaya Keller Khalil Kim Klein Koch Kovács Kowalski Kraus ' +
  'Krüger Kumar Lange Larsen Laurent Lehmann Leroy Lindholm Lopez Lorenz Maier Malik Mancini Marchetti Marek Marino Martín Mbeki Meier ' +
  "Mendes Meyer Miller Moreau Moreno Morris Möller Müller Murphy Nagy Nakamura Navarro Ndiaye Nguyen Nielsen Novak O'Brien O'Neill Okafor " +
  'Olsen Ortiz Osei Otto Papadakis Park Patel Pavlov Pereira Petrov Pfeiffer Popescu Quinn Rahman Ramos Reddy Reyes Richter Rios Rossi ' +
  'Roux Ruiz Saar Sahin Salazar Sánchez Santos Sato Schäfer Schmitt Schneider Schröder Schulz Serrano Shah Silva Singh Sokolov Sørensen ' +
  'Stein Suzuki Svensson Tanaka Torres Tóth Ueda Vargas Vasquez Virtanen Vogel Wagner Walsh Wang Weber Weiss Werner Winter Wolf Yamada ' +
  'Yıldız Zając Zhang Ziegler Zimmermann'
).split(' ');

/** Departments with the cost centre of each. */
export const DEPARTMENTS = [
  { name: 'Sales', costCenter: '1100' },
  { name: 'Marketing', costCenter: '1200' },
  { name: 'Customer Service', costCenter: '1300' },
  { name: 'Research', costCenter: '2100' },
  { name: 'Engineering', costCenter: '2200' },
  { name: 'Quality', costCenter: '2300' },
  { name: 'Production', costCenter: '3100' },
  { name: 'Logistics', costCenter: '3200' },
  { name: 'Purchasing', costCenter: '3300' },
  { name: 'Finance', costCenter: '4100' },
  { name: 'Legal', costCenter: '4200' },
  { name: 'Human Resources', costCenter: '4300' },
  { name: 'IT', costCenter: '4400' },
] as const;

export const TITLES = [
  'Assistant',
  'Specialist',
  'Analyst',
  'Engineer',
  'Consultant',
  'Coordinator',
  'Expert',
] as const;

export const SITES = [
  { city: 'Hamburg', country: 'DE', locale: 'de-DE', timezone: 'Europe/Berlin' },
  { city: 'Lyon', country: 'FR', locale: 'fr-FR', timezone: 'Europe/Paris' },
  { city: 'Porto', country: 'PT', locale: 'pt-PT', timezone: 'Europe/Lisbon' },
  { city: 'Chicago', country: 'US', locale: 'en-US', timezone: 'America/Chicago' },
  { city: 'Pune', country: 'IN', locale: 'en-IN', timezone: 'Asia/Kolkata' },
] as const;

/** What groups other than those of departments and sites are about. */
export const PROJECTS =
  'Atlas Beacon Cedar Delta Ember Falcon Garnet Harbor Indigo Juniper Kestrel Lumen Meridian Nimbus Onyx Pioneer Quartz Ridge Summit Tundra'.split(
    ' ',
  );
