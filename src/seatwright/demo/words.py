"""The words that made-up people, places and teams are named by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_GIVEN_NAMES: Final = """
Aaliyah Abdul Abena Adaeze Adam Aditi Adwoa Agnes Ahmed Aiko Aino Aisha Akira Alba Alejandra
Aleksander Alex Alexandra Alice Alma Amara Amelia Amina Amir Ana Anders Andrea Aneta Anh Anita
Anjali Anna Antonio Arjun Arne Arturo Asa Asha Astrid Aurora Ayasha Ayumi Babak Beata Beatriz
Ben Bjarne Bo Bruno Camila Carlos Carmen Caroline Catarina Cem Charlotte Chen Chiara Chidi
Chloe Christian Clara Claudia Cyrus Dag Daiki Dalia Daniel Daniela Dario David Deniz Diego Dina
Dmytro Dominik Dorota Ebba Eduardo Eirik Elena Eli Elias Elif Elin Elisa Ella Emeka Emil Emma
Enzo Erik Esra Esther Eva Ewa Fadumo Farah Fatima Felix Femi Filip Finn Fiona Florian Frida
Gabriel Gabriela George Giulia Grace Greta Guadalupe Gunnar Gustav Hamza Hana Hanna Hans Haruto
Hassan Heidi Helena Henrik Hiroshi Hoa Hugo Ibrahim Ida Ife Ilse Imani Inga Ingrid Irena Iris
Isabel Isla Ivan Ivana Jack Jakob James Jan Jana Javier Jelena Jens Jin Joana Johan Jonas Jorge
Josefine Juan Julia Jun Kai Kamila Karim Karin Katarzyna Kateryna Kenji Kerstin Khadija Kim
Kofi Kwame Lan Lars Laura Layla Lea Leila Lena Leo Li Liam Lina Linh Lior Liv Lorenzo Louise
Lucas Lucia Luis Maja Malik Malin Manuel Marco Maria Mariam Marit Marta Martin Mateo Matilda
Maya Mehmet Mei Miguel Mika Mila Milan Mina Mohammed Monika Moses Nadia Naomi Natalia Nia Nick
Niels Nina Noah Nora Obinna Oksana Ola Olga Oliver Olivia Omar Oscar Owen Pablo Patricia Paula
Pedro Per Petra Pia Priya Qasim Rafael Rahel Raj Ravi Rebecca Renata Rhys Rima Rosa Ruth Sabine
Sami Samira Samuel Sanjay Sara Selma Sigrid Silje Simone Sofia Sora Stefan Sunita Sven Tadeo
Takumi Tamar Tara Teresa Thabo Theo Thomas Tomasz Tove Tuan Uma Unni Valentina Vera Victor Viet
Vikram Vilde Wanjiru Wei William Xin Yara Yasmin Yuki Yusuf Zainab Zara Zofia Zoltan
"""

_SURNAMES: Final = """
Abbas Abebe Achieng Adeyemi Agarwal Ahmadi Akintola Almeida Alvarez Andersen Andersson Aoki
Appiah Aydin Bakker Banerjee Barbosa Bauer Becker Berg Bergman Bernard Bhatt Bianchi Blom
Boateng Bosch Bose Brandt Brown Byrne Campbell Cardoso Carlsen Castillo Chanda Chang Chen
Chowdhury Clarke Colombo Conti Costa Cruz Dahl Das Davies DeJong Demir Diallo Diaz Dubois Duarte
    Duran
Eide Ekström Engel Eriksen Espinoza Evans Farah Fernandes Ferrari Fischer Flores Fontaine
Fraser Fujita Garcia Gashi Georgiou Gomez Gonzalez Grabowski Graham Greco Gupta Gustafsson Haas
Habib Hagen Hansen Hashimoto Haugen Hernandez Herrera Hoang Hoffmann Holm Horvat Huang Hughes
Hussain Ibarra Ibrahim Inoue Ito Ivanov Jansen Janssen Jensen Jimenez Johansson Johnson Joshi
Kaczmarek Kamau Kang Kapoor Karlsen Kato Kaya Keller Kelly Khan Khumalo Kim Kimura Klein
Kobayashi Koch Kovac Kowalski Kramer Kristiansen Kruger Kumar Kuznetsova Laine Larsen Laurent
Lee Lehmann Leroy Lewandowski Li Lim Lind Lindberg Lopez Lund Madsen Mahlangu Malik Mancini
Marques Martin Martinez Mazur Mbeki Mehta Mendes Mensah Meyer Mikkelsen Mishra Moen Mohamed
Molina Moore Morales Moreau Moretti Mori Müller Murphy Mutasa Nagy Nair Nakamura Navarro
Ndiaye Neumann Nguyen Nilsen Nkosi Novak Nowak Nyström Okafor Okoye Oliveira Olsen Omondi
Ortega Osei Ozturk Papadopoulos Park Patel Pavlenko Pereira Perez Petersen Petrov Pham Popescu
Prasad Ramirez Ramos Rao Rasmussen Reddy Reyes Ricci Richter Rivera Roberts Rodriguez Romano
Rossi Rubio Ruiz Saito Salazar Salim Sanchez Santos Sasaki Sato Schmidt Schneider Schulz Sharma
Shevchenko Silva Singh Smit Smith Sokolova Solberg Soto Souza Stewart Strand Suzuki Svensson
Takahashi Tanaka Taylor Teixeira Thapa Thomsen Torres Tran Traore Ueda Vargas Vasquez Vega
Virtanen Visser Vogel Vu Wagner Walker Wang Watanabe Weber Wilson Wong Wright Wu Yamamoto Yang
Yilmaz Yoshida Zhang Zhao Zielinski Zimmermann Zulu
"""

GIVEN_NAMES: Final = tuple(_GIVEN_NAMES.split())
SURNAMES: Final = tuple(_SURNAMES.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A part of the company: its name, how many of 1,000 people work there, and their titles."""

    name: str
    share: int
    titles: tuple[str, ...]


DEPARTMENTS: Final = (
    Department(
        name="Operations",
        share=240,
        titles=("Operations Specialist", "Terminal Planner", "Shift Supervisor", "Dispatcher"),
    ),
    Department(
        name="Engineering",
        share=190,
        titles=("Software Engineer", "Mechanical Engineer", "Test Engineer", "Data Engineer"),
    ),
    Department(
        name="Sales",
        share=160,
        titles=("Account Manager", "Sales Representative", "Presales Consultant", "Sales Analyst"),
    ),
    Department(
        name="Customer Service",
        share=130,
        titles=("Service Agent", "Service Specialist", "Claims Handler", "Knowledge Editor"),
    ),
    Department(
        name="Finance",
        share=80,
        titles=("Accountant", "Controller", "Treasury Analyst", "Payroll Specialist"),
    ),
    Department(
        name="Marketing",
        share=60,
        titles=("Marketing Specialist", "Designer", "Content Editor", "Market Analyst"),
    ),
    Department(
        name="IT",
        share=50,
        titles=("Systems Administrator", "Support Technician", "Security Analyst", "IT Architect"),
    ),
    Department(
        name="Human Resources",
        share=40,
        titles=("HR Advisor", "Recruiter", "Learning Specialist", "HR Analyst"),
    ),
    Department(
        name="Procurement",
        share=30,
        titles=("Buyer", "Category Manager", "Contract Specialist", "Vendor Analyst"),
    ),
    Department(
        name="Legal",
        share=20,
        titles=("Legal Counsel", "Paralegal", "Compliance Officer", "Privacy Officer"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A place of work: its city, country, region, and how many of 100 people work there."""

    city: str
    usage_location: str
    region: str
    share: int


OFFICES: Final = (
    Office(city="Oslo", usage_location="NO", region="Nordics", share=20),
    Office(city="Gothenburg", usage_location="SE", region="Nordics", share=9),
    Office(city="Helsinki", usage_location="FI", region="Nordics", share=6),
    Office(city="Hamburg", usage_location="DE", region="Europe", share=12),
    Office(city="Rotterdam", usage_location="NL", region="Europe", share=8),
    Office(city="Gdansk", usage_location="PL", region="Europe", share=8),
    Office(city="Lyon", usage_location="FR", region="Europe", share=6),
    Office(city="Leeds", usage_location="GB", region="Europe", share=6),
    Office(city="Boston", usage_location="US", region="Americas", share=8),
    Office(city="Recife", usage_location="BR", region="Americas", share=5),
    Office(city="Pune", usage_location="IN", region="Asia", share=7),
    Office(city="Osaka", usage_location="JP", region="Asia", share=5),
)

EXECUTIVE_TITLES: Final = ("Vice President", "Director", "Head of Department", "Senior Director")
CONTRACTOR_TITLES: Final = ("Consultant", "Contract Developer", "Interim Specialist", "Auditor")
AGENCIES: Final = ("Nordvik Consulting", "Brightwater Staffing", "Kestrel Partners")
PROJECTS: Final = ("Lighthouse", "Harbor", "Compass", "Anchor", "Tideway", "Beacon", "Meridian")
